package io.loomtunnel.io;

import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A relay of 16 MiB between ends in memory, which costs one copy and what the relay itself does; of bulk between two loopback
/// connections; and of 64 bytes there and back. For the first two an operation is a byte: operations a microsecond are MB/s.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PumpBenchmark {
    private static final int PIECE = 64 * 1024;
    private static final int WHOLE = 16 * 1024 * 1024;
    private static final int SMALL = 64;

    @Benchmark @OperationsPerInvocation(WHOLE) public void memory() throws IOException {
        Pump.relay(new Memory(WHOLE), new Memory(0));
    }

    @Benchmark @OperationsPerInvocation(PIECE) public void loopback(Drained relay) throws IOException {
        relay.out.write(relay.piece);
    }

    @Benchmark @BenchmarkMode(Mode.AverageTime) public void thereAndBack(Echoed relay) throws IOException {
        relay.out.write(relay.piece, 0, SMALL);
        if (relay.visitor.getInputStream().readNBytes(relay.piece, 0, SMALL) < SMALL) throw new IOException("the relay has ended");
    }

    /// Visitor and origin with a relay between them, which runs until the visitor closes.
    private abstract static class Relay {
        final byte[] piece = new byte[PIECE];
        Socket visitor;
        OutputStream out;
        private Thread pump;
        private Thread origin;

        @Setup public void open() throws IOException {
            try (var server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
                visitor = new Socket(server.getInetAddress(), server.getLocalPort());
                visitor.setTcpNoDelay(true);
                out = visitor.getOutputStream();
                var near = new SocketDuplex(server.accept(), Watchdog.PROCESS);
                var dialled = new SocketDuplex(new Socket(server.getInetAddress(), server.getLocalPort()), Watchdog.PROCESS);
                var accepted = new SocketDuplex(server.accept(), Watchdog.PROCESS);
                pump = Thread.ofVirtual().start(() -> {
                    try (near; dialled) {
                        Pump.relay(near, dialled);
                    } catch (IOException _) {
                        // the visitor has gone
                    }
                });
                origin = Thread.ofVirtual().start(() -> {
                    try (accepted) {
                        serve(accepted.in(), accepted.out());
                    } catch (IOException _) {
                        // as above
                    }
                });
            }
        }

        @TearDown public void close() throws Exception {
            visitor.close();
            pump.join();
            origin.join();
        }

        abstract void serve(InputStream in, OutputStream out) throws IOException;
    }

    /// An origin that takes everything.
    @State(Scope.Benchmark)
    public static class Drained extends Relay {
        @Override void serve(InputStream in, OutputStream out) throws IOException {
            var array = new byte[4 * PIECE];
            while (in.read(array) >= 0) { }
        }
    }

    /// An origin that sends everything back.
    @State(Scope.Benchmark)
    public static class Echoed extends Relay {
        @Override void serve(InputStream in, OutputStream out) throws IOException {
            var array = new byte[PIECE];
            for (int n; (n = in.read(array)) >= 0; ) out.write(array, 0, n);
        }
    }

    /// An end that has so many bytes to say, and listens to everything.
    private static final class Memory implements Duplex {
        private static final byte[] SAID = new byte[PIECE];

        private final InputStream in;

        Memory(int bytes) {
            in = new InputStream() {
                private int left = bytes;

                @Override public int read() {
                    return left-- > 0 ? 0 : -1;
                }

                @Override public int read(byte[] target, int offset, int length) {
                    if (left <= 0) return -1;
                    int n = Math.min(Math.min(length, left), SAID.length);
                    System.arraycopy(SAID, 0, target, offset, n);
                    left -= n;
                    return n;
                }

                @Override public int available() {
                    return left;
                }
            };
        }

        @Override public InputStream in() {
            return in;
        }

        @Override public OutputStream out() {
            return OutputStream.nullOutputStream();
        }

        @Override public void readTimeout(Duration limit) {}

        @Override public void finish() {}

        @Override public void reset() {}

        @Override public void close() {}
    }
}
