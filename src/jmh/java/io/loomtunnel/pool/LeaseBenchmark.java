package io.loomtunnel.pool;


import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/// A connection lent and given back, by one thread and by two.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LeaseBenchmark {
    private ServerSocket server;
    private ConnectionPool pool;
    private Origin origin;

    @Setup public void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        pool = new ConnectionPool(PoolConfig.DEFAULTS);
        origin = Origin.of(URI.create("http://127.0.0.1:" + server.getLocalPort()));
    }

    @TearDown public void close() throws IOException {
        pool.close();
        server.close();
    }

    @Benchmark public void lease() throws IOException {
        try (var lease = pool.lease(origin)) {
            lease.completed();
        }
    }

    @Benchmark @Threads(2) public void leaseByTwo() throws IOException {
        lease();
    }
}
