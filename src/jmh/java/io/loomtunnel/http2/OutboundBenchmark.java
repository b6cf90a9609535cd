package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// DATA frames of 64 bytes and of 16 KiB through one connection, from virtual threads that have a stream each: all their frames together.
/// What is written is thrown away at once, so that nothing but the queue, its lock and the copy are measured.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@OperationsPerInvocation(OutboundBenchmark.FRAMES)
public class OutboundBenchmark {
    static final int FRAMES = 64 * 1024;                // of all writers, each time that they are started
    private static final int SMALL = 64;
    private static final int LARGE = 16 * 1024;

    /// How many write at once.
    @Param({"1", "8", "64"}) public int writers;

    private Outbound outbound;
    private Http2Connection connection;
    private final List<StreamSink> sinks = new ArrayList<>();

    @Setup public void open() throws IOException {
        var nowhere = new Nowhere();
        connection = Http2Connection.client(nowhere, new ByteReader(nowhere.in(), new MemoryBudget(1 << 20)), Http2Config.TUNNEL,
                new Peer(new InetSocketAddress("127.0.0.1", 1), "http"));
        outbound = connection.outbound();
        outbound.peer.maxFrameSize = Http2Config.TUNNEL.maxFrameSize();
        Thread.ofVirtual().start(outbound::write);
        for (int i = 0; i < writers; i++) {
            var stream = (ClientStream) connection.send(new RequestHead("CONNECT", "", "db:5432", "", new Fields()));
            sinks.add(stream.sink());
            stream.sink().flush();
        }
    }

    @TearDown public void close() {
        connection.close();
    }

    @Benchmark public void small() throws InterruptedException {
        send(SMALL);
    }

    @Benchmark public void large() throws InterruptedException {
        send(LARGE);
    }

    private void send(int length) throws InterruptedException {
        outbound.widen(FRAMES * length, List.of());
        var threads = new ArrayList<Thread>();
        for (var sink : sinks) threads.add(Thread.ofVirtual().start(() -> {
            var bytes = new byte[length];
            outbound.widen(sink, FRAMES / writers * length);
            try {
                for (int i = 0; i < FRAMES / writers; i++) sink.send(bytes, 0, length);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }));
        for (var thread : threads) thread.join();
    }

    /// Takes everything, and never says anything.
    private static final class Nowhere implements Duplex {
        @Override public InputStream in() {
            return InputStream.nullInputStream();
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
