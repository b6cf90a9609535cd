package io.loomtunnel.http2;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The arithmetic for a piece of 16 KiB that arrives and is read: in a window that has grown to its most, and in one that grows to it from
/// its start.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ReceiveWindowBenchmark {
    private static final int PIECE = 16 * 1024;
    private static final int PIECES = (ReceiveWindow.MOST - ReceiveWindow.START) / PIECE;      // until a window is full-grown
    private static final long ROUND_TRIP = 100_000_000;

    private final ReceiveWindow window = new ReceiveWindow(ReceiveWindow.MOST, 0);
    private long now;

    @Benchmark public int piece() {
        window.received(PIECE);
        return window.consumed(PIECE, now += 10_000, ROUND_TRIP, true);
    }

    @Benchmark @OperationsPerInvocation(PIECES) public int pieceOfAWindowThatGrows() {
        var growing = new ReceiveWindow(ReceiveWindow.START, 0);
        int credit = 0;
        for (int i = 0; i < PIECES; i++) {
            growing.received(PIECE);
            credit += growing.consumed(PIECE, i * 10_000L, ROUND_TRIP, true);
        }
        if (growing.size() != ReceiveWindow.MOST) throw new IllegalStateException("grown to " + growing.size());
        return credit;
    }
}
