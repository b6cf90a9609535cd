package io.loomtunnel.pool;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.ArrayList;
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

/// A connection lent and given back, by virtual threads: all their leases together.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@OperationsPerInvocation(LeaseBenchmark.LEASES)
public class LeaseBenchmark {
    static final int LEASES = 64 * 1024;            // of all borrowers, each time that they are started

    /// How many borrow at once.
    @Param({"1", "8", "64"}) public int borrowers;

    private ServerSocket server;
    private ConnectionPool pool;
    private Origin origin;

    @Setup public void open() throws IOException {
        server = new ServerSocket(0, 2 * borrowers, InetAddress.getLoopbackAddress());
        pool = new ConnectionPool(PoolConfig.DEFAULTS.withMaxIdlePerHost(borrowers));
        origin = Origin.of(URI.create("http://127.0.0.1:" + server.getLocalPort()));
    }

    @TearDown public void close() throws IOException {
        pool.close();
        server.close();
    }

    @Benchmark public void lease() throws InterruptedException {
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < borrowers; i++) threads.add(Thread.ofVirtual().start(() -> {
            try {
                for (int k = 0; k < LEASES / borrowers; k++) {
                    try (var lease = pool.lease(origin)) {
                        lease.completed();
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }));
        for (var thread : threads) thread.join();
    }
}
