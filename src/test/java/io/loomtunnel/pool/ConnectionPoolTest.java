package io.loomtunnel.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ConnectionPoolTest {
    private static final long SECOND = 1_000_000_000;

    private static void use(Lease lease) throws IOException {
        try (lease) {
            var transaction = lease.connection().send(new RequestHead("GET", "http", "a", "/", new Fields()));
            transaction.content().end();
            assertEquals(200, transaction.response(Deadline.after(Duration.ofSeconds(5))).status());
            transaction.body().readAllBytes();
            lease.completed();
        }
    }

    @Test void connectionThatWasUsedUpIsLentAgain() throws IOException {
        try (var origin = RawOrigin.answering("hi"); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            for (int i = 0; i < 10; i++) use(pool.lease(Origin.of(origin.uri())));
            assertEquals(1, origin.accepted());
            assertEquals(1, pool.idle());
        }
    }

    @Test void lastGivenBackIsFirstLent() throws IOException {
        try (var origin = RawOrigin.answering("hi"); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var first = pool.lease(Origin.of(origin.uri()));
            var second = pool.lease(Origin.of(origin.uri()));
            var newest = second.connection();
            use(first);
            use(second);
            try (var again = pool.lease(Origin.of(origin.uri()))) {
                assertSame(newest, again.connection());
            }
        }
    }

    @Test void leaseThatWasNotCompletedIsDiscarded() throws IOException {
        try (var origin = RawOrigin.answering("hello"); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            try (var lease = pool.lease(Origin.of(origin.uri()))) {
                var transaction = lease.connection().send(new RequestHead("GET", "http", "a", "/", new Fields()));
                transaction.content().end();
                transaction.response(Deadline.after(Duration.ofSeconds(5)));
            }
            assertEquals(0, pool.idle());
            try (var lease = pool.lease(Origin.of(origin.uri()))) {
                var transaction = lease.connection().send(new RequestHead("GET", "http", "a", "/", new Fields()));
                transaction.content().end();
                transaction.response(Deadline.after(Duration.ofSeconds(5)));
                transaction.body().read();
                lease.completed();                   // wrongly: four bytes are still to be read
            }
            assertEquals(0, pool.idle());
        }
    }

    @Test void connectionThatItsOriginClosedIsNotUsed() throws Exception {
        var closed = new CountDownLatch(1);
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            if (connection.number() == 1) {
                connection.close();
                closed.countDown();
            }
            connection.head();
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var lease = pool.lease(Origin.of(origin.uri()));
            var first = lease.connection();
            use(lease);
            assertTrue(closed.await(5, TimeUnit.SECONDS));
            assertTrue(((Http1Client) first).stale());
        }
    }

    @Test void noMoreThanTheLimitLieIdleAndTheOldestGoes() throws IOException {
        try (var origin = RawOrigin.answering("hi"); var pool = new ConnectionPool(PoolConfig.DEFAULTS.withMaxIdlePerHost(2))) {
            var leases = new ArrayList<Lease>();
            for (int i = 0; i < 3; i++) leases.add(pool.lease(Origin.of(origin.uri())));
            var oldest = leases.getFirst().connection();
            for (var lease : leases) use(lease);
            assertEquals(2, pool.idle());
            for (int i = 0; i < 2; i++) assertNotSame(oldest, pool.lease(Origin.of(origin.uri())).connection());
        }
    }

    @Test void evictionTakesWhatWasIdleForTooLongAndSaysWhenTheNextIsDue() throws IOException {
        try (var origin = RawOrigin.answering("hi"); var pool = new ConnectionPool(PoolConfig.DEFAULTS.withIdleTimeout(Duration.ofSeconds(10)))) {
            use(pool.lease(Origin.of(origin.uri())));
            long now = System.nanoTime();
            var evicted = new ArrayList<Runnable>();
            long next = pool.evict(now, evicted);
            assertTrue(next > 9 * SECOND && next <= 10 * SECOND, "due in " + next);
            assertEquals(0, evicted.size());
            assertEquals(0, pool.evict(now + 10 * SECOND, evicted));
            assertEquals(1, evicted.size());
            assertEquals(0, pool.idle());
            evicted.forEach(Runnable::run);
        }
    }

    @Test void evictorRunsByItself() throws Exception {
        var left = new CountDownLatch(1);
        var config = PoolConfig.DEFAULTS.withIdleTimeout(Duration.ofMillis(20)).withEvictionInterval(Duration.ofMillis(20));
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            connection.head();
            left.countDown();
        }); var pool = new ConnectionPool(config)) {
            use(pool.lease(Origin.of(origin.uri())));
            assertTrue(left.await(5, TimeUnit.SECONDS));
            assertEquals(0, pool.idle());
        }
    }

    @Test void refusedConnectionNamesTheOrigin() throws IOException {
        int port;
        try (var origin = RawOrigin.answering("")) {
            port = origin.port();
        }
        try (var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var refused = assertThrows(GatewayException.class, () -> pool.lease(new Origin(Origin.Scheme.HTTP, "127.0.0.1", port)));
            assertEquals("connection_refused", refused.error());
            assertTrue(refused.getMessage().contains("127.0.0.1:" + port), refused.getMessage());
        }
    }
}
