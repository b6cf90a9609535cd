package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What may stand behind `Bearer` in an `Authorization` field.
final class BearerToken {
    /// The longest one, in characters.
    static final int LONGEST = 4096;

    private BearerToken() {}

    /// The token, if both ends can say it.
    /// @throws IllegalArgumentException it is empty or too long, or has a character that no field could carry unchanged
    static String checked(String token) {
        if (token.isEmpty()) throw new IllegalArgumentException("the token is empty");
        if (token.length() > LONGEST) throw new IllegalArgumentException("the token has more than " + LONGEST + " characters");
        for (int i = 0; i < token.length(); i++) {
            boolean printable = token.charAt(i) > ' ' && token.charAt(i) <= '~';
            if (!printable) throw new IllegalArgumentException("the token is not printable ASCII without spaces");
        }
        return token;
    }

    static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
