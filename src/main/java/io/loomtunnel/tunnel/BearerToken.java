package io.loomtunnel.tunnel;

/// What may stand behind `Bearer` in an `Authorization` field.
final class BearerToken {
    private BearerToken() {}

    /// The token, if both ends can say it.
    /// @throws IllegalArgumentException it is empty, or has a character that no field could carry unchanged
    static String checked(String token) {
        if (token.isEmpty()) throw new IllegalArgumentException("the token is empty");
        for (int i = 0; i < token.length(); i++) {
            boolean printable = token.charAt(i) > ' ' && token.charAt(i) <= '~';
            if (!printable) throw new IllegalArgumentException("the token is not printable ASCII without spaces");
        }
        return token;
    }
}
