package io.loomtunnel.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.StatusException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/// The proof that both sides of an HTTP/1.1 hop mean WebSocket (RFC 6455 §4): a key, and the answer to it.
final class Handshake {
    static final String KEY = "sec-websocket-key";
    static final String ACCEPT = "sec-websocket-accept";
    private static final String VERSION = "sec-websocket-version";
    private static final String SPOKEN = "13";
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";      // §1.3
    private static final int KEY_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Handshake() {}

    /// A new key (§4.1).
    static String newKey() {
        var nonce = new byte[KEY_BYTES];
        RANDOM.nextBytes(nonce);
        return Base64.getEncoder().encodeToString(nonce);
    }

    /// What a server answers to a key (§4.2.2).
    static String answer(String key) {
        try {
            var sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(ISO_8859_1)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    /// The key of a client's handshake (§4.2.1), whose other fields are judged with it.
    /// @throws StatusException (400) the key or the version is missing or malformed; (426) the version is another than ours,
    ///                         of which the key and its answer would mean something else (§4.2.2)
    static String keyOf(Fields fields) throws StatusException {
        if (fields.find(VERSION, 0) < 0) throw new StatusException(400, "The WebSocket handshake has no Sec-WebSocket-Version.");
        if (!fields.joined(VERSION).equals(SPOKEN)) throw new StatusException(426, "WebSocket is spoken here in version 13 only.");
        int i = fields.find(KEY, 0);
        if (i < 0 || fields.find(KEY, i + 1) >= 0 || !isKey(fields.value(i))) {
            throw new StatusException(400, "The WebSocket handshake has no proper Sec-WebSocket-Key.");
        }
        return fields.value(i);
    }

    private static boolean isKey(String text) {
        try {
            return text.length() == 24 && Base64.getDecoder().decode(text).length == KEY_BYTES;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }
}
