package io.loomtunnel.http;

/// A message does not keep to its grammar (400), or a part of it is longer than allowed (413, 414, 431).
public final class MalformedMessageException extends StatusException {
    private static final long serialVersionUID = 1;

    /// A malformed message: 400.
    /// @param detail what is wrong with it
    public MalformedMessageException(String detail) {
        super(400, detail);
    }

    /// A message that is refused with a status of its own.
    /// @param status 400 to 599
    /// @param detail what is wrong with it
    public MalformedMessageException(int status, String detail) {
        super(status, detail);
    }
}
