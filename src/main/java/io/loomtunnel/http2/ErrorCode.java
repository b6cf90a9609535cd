package io.loomtunnel.http2;

/// The error codes of RFC 9113 §7; the ordinal is the number on the wire.
public enum ErrorCode {
    NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
    REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED;

    private static final ErrorCode[] ALL = values();

    /// The code with this number; an unknown one has no special meaning and counts as INTERNAL_ERROR (§7).
    static ErrorCode of(int number) {
        return number >= 0 && number < ALL.length ? ALL[number] : INTERNAL_ERROR;
    }
}
