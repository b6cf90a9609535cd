package io.loomtunnel.io;

/// What a test of another package may know of the process's arrays.
public final class Lent {
    private Lent() {}

    /// How many are lent.
    public static int arrays() {
        return Buffers.PROCESS.lent();
    }
}
