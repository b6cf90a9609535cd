package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Frames read and written, a frame: HEADERS with a block of 60 bytes, WINDOW_UPDATE, PING and RST_STREAM in turn.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(4)
public class FrameBenchmark {
    private static final byte[] BLOCK = new byte[60];

    private final ByteWriter out = new ByteWriter(1024);
    private final FrameReader reader;

    public FrameBenchmark() {
        write();
        var bytes = Arrays.copyOf(out.array(), out.size());
        reader = new FrameReader(new ByteReader(new InputStream() {
            private int at;

            @Override public int read() {
                throw new UnsupportedOperationException();
            }

            @Override public int read(byte[] target, int offset, int length) {
                int n = Math.min(length, bytes.length - at);
                System.arraycopy(bytes, at, target, offset, n);
                at = (at + n) % bytes.length;
                return n;
            }
        }, new MemoryBudget(1 << 20)), 16_384, 65_536);
    }

    @Benchmark public int write() {
        out.reset(1024);
        int start = out.skip(Frame.HEADER_BYTES);
        out.put(BLOCK);
        FrameWriter.headers(out, start, 1, Frame.END_STREAM, 16_384);
        FrameWriter.windowUpdate(out, 1, 65_536);
        FrameWriter.ping(out, 0, 42);
        FrameWriter.rstStream(out, 1, ErrorCode.CANCEL);
        return out.size();
    }

    @Benchmark public Object read() throws IOException {
        reader.next();
        reader.next();
        reader.next();
        return reader.next();
    }
}
