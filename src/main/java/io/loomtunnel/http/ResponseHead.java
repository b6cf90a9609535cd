package io.loomtunnel.http;

/// The control data and header section of a response (RFC 9110 §6).
///
/// @param status 100 to 999
/// @param fields the owner of the head may change them
public record ResponseHead(int status, Fields fields) {
    /// Refuses a status that has not three digits.
    public ResponseHead {
        if (status < 100 || status > 999) throw new IllegalArgumentException("status " + status);
    }

    /// Whether another head of the same response follows (RFC 9110 §15.2). 101 is the last one.
    /// @return true from 100 to 199, 101 excepted
    public boolean interim() {
        return status < 200 && status != 101;
    }

    /// Whether no content follows, whatever length the head announces (RFC 9110 §6.4.1): it is then that of content which a GET would get.
    /// @param method of the request
    /// @return true for every answer to HEAD, for 204 and for 304
    public boolean bodiless(String method) {
        return method.equals("HEAD") || status == 204 || status == 304;
    }
}
