package io.loomtunnel.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.RawOrigin;
import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// HTTP/2 connections in the pool.
@Timeout(30)
class SharedConnectionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static void answer(Exchange exchange) throws IOException {
        exchange.respond(new ResponseHead(204, new Fields())).end();
    }

    private static void use(Lease lease) throws IOException {
        try (lease) {
            var transaction = lease.connection().send(new RequestHead("GET", "http", "a", "/", new Fields()));
            transaction.content().end();
            assertEquals(204, transaction.response(Deadline.after(PATIENCE)).status());
            transaction.body().readAllBytes();
            lease.completed();
        }
    }

    private static <T> ArrayList<Future<T>> atOnce(int count, Callable<T> action) {
        var all = new ArrayList<Future<T>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) all.add(threads.submit(action));
        }
        return all;
    }

    private static Origin of(Http2Origin origin) {
        return Origin.of(origin.uri());
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) throw new IOException("in vain");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test void firstRequestsAtOnceDialOnce() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            for (var one : atOnce(100, () -> {
                use(pool.lease(of(origin)));
                return null;
            })) one.get();
            assertEquals(1, origin.connections().size());
            assertEquals(1, pool.idle());
        }
    }

    @Test void requestsAboveTheStreamLimitGetAnotherConnection() throws Exception {      // RFC 9113 §5.1.2
        var all = new Phaser(25);
        var refused = new AtomicInteger();
        try (var origin = new Http2Origin(Http2Origin.CONFIG.withMaxStreams(10), exchange -> {
            all.arriveAndAwaitAdvance();                     // none ends before all are there
            answer(exchange);
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            for (var one : atOnce(25, () -> {
                try {
                    use(pool.lease(of(origin)));
                } catch (IOException e) {
                    refused.incrementAndGet();
                    all.arriveAndDeregister();
                }
                return null;
            })) one.get();
            assertEquals(0, refused.get());
            assertEquals(3, origin.connections().size());
        }
    }

    @Test void connectionThatAllowsOneStreamServesOneAtATime() throws Exception {
        var all = new Phaser(5);
        try (var origin = new Http2Origin(Http2Origin.CONFIG.withMaxStreams(1), exchange -> {
            all.arriveAndAwaitAdvance();
            answer(exchange);
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            for (var one : atOnce(5, () -> {
                use(pool.lease(of(origin)));
                return null;
            })) one.get();
            assertEquals(5, origin.connections().size());
        }
    }

    @Test void originThatAllowsNoStreamIsUnavailable() throws Exception {
        try (var origin = new Http2Origin(Http2Origin.CONFIG.withMaxStreams(0), SharedConnectionTest::answer);
             var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            assertEquals(503, assertThrows(GatewayException.class, () -> pool.lease(of(origin))).status());
            assertEquals(0, pool.idle());
        }
    }

    @Test void connectionThatIsToldToEndFinishesAndIsReplaced() throws Exception {       // RFC 9113 §6.8
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (var origin = new Http2Origin(exchange -> {
            if (exchange.request().path().equals("/slow")) {
                entered.countDown();
                await(release);
            }
            answer(exchange);
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var slow = pool.lease(of(origin));
            var transaction = slow.connection().send(new RequestHead("GET", "http", "a", "/slow", new Fields()));
            transaction.content().end();
            await(entered);
            var first = (Http2Connection) slow.connection();
            origin.connections().getFirst().drain();
            while (!first.spent()) first.ping(Deadline.after(PATIENCE));
            var next = pool.lease(of(origin));
            assertNotSame(first, next.connection());
            use(next);
            release.countDown();
            assertEquals(204, transaction.response(Deadline.after(PATIENCE)).status());
            slow.completed();
            slow.close();
            assertEquals(2, origin.connections().size());
            assertEquals(1, pool.idle());
        }
    }

    @Test void connectionThatItsOriginClosedIsReplaced() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var lease = pool.lease(of(origin));
            var first = (Http2Connection) lease.connection();
            use(lease);
            origin.connections().getFirst().close();
            assertThrows(IOException.class, () -> {
                while (true) first.ping(Deadline.after(PATIENCE));
            });
            use(pool.lease(of(origin)));
            assertEquals(2, origin.connections().size());
        }
    }

    @Test void otherConnectionThanTheOneThatFailedIsLentForTheSecondAttempt() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var failed = pool.lease(of(origin));
            var other = pool.leaseOther(failed);
            assertNotSame(failed.connection(), other.connection());
            var again = pool.leaseOther(failed);
            assertSame(other.connection(), again.connection());        // one dial for all that failed
            failed.close();
            other.close();
            again.close();
        }
    }

    @Test void originThatDoesNotSpeakHttp2IsNamed() throws Exception {                   // RFC 9113 §3.3
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var failure = assertThrows(GatewayException.class, () -> pool.lease(new Origin(Origin.Scheme.H2C, "127.0.0.1", origin.port())));
            assertEquals("http_protocol_error", failure.error());
            assertTrue(failure.getMessage().contains("does not speak HTTP/2"), failure.getMessage());
        }
    }

    @Test void failedDialFailsAllWhoWaitedForIt() throws Exception {
        var waiting = new Phaser(1);
        try (var origin = new RawOrigin(connection -> {
            connection.head();
            waiting.awaitAdvanceInterruptibly(0, 5, TimeUnit.SECONDS);
        }); var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var target = new Origin(Origin.Scheme.H2C, "127.0.0.1", origin.port());
            var all = new ArrayList<Future<Lease>>();
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 20; i++) all.add(threads.submit(() -> pool.lease(target)));
                // The dial is under way; whoever came first, the others wait for it.
                while (pool.waiting(target) < 19) Thread.onSpinWait();
                waiting.arrive();
            }
            for (var one : all) {
                assertEquals("http_protocol_error", ((GatewayException) assertThrows(ExecutionException.class, one::get).getCause()).error());
            }
            assertEquals(1, origin.accepted());
        }
    }

    @Test void slowDialHoldsUpNobodyElse() throws Exception {
        var dialled = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        try (var silent = new RawOrigin(connection -> {
            dialled.countDown();
            release.await();
        }); var origin = new Http2Origin(SharedConnectionTest::answer);
             var pool = new ConnectionPool(PoolConfig.DEFAULTS.withConnectTimeout(Duration.ofSeconds(1)))) {
            var slow = new Origin(Origin.Scheme.H2C, "127.0.0.1", silent.port());
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                var late = threads.submit(() -> pool.lease(slow));
                await(dialled);
                use(pool.lease(of(origin)));
                var failure = assertThrows(ExecutionException.class, late::get).getCause();
                assertEquals("connection_timeout", ((GatewayException) failure).error());
            }
            release.countDown();
        }
    }

    @Test void idleConnectionIsEvictedWithGoAway() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer);
             var pool = new ConnectionPool(PoolConfig.DEFAULTS.withIdleTimeout(Duration.ofSeconds(10)))) {
            var used = pool.lease(of(origin));
            var evicted = new ArrayList<Runnable>();
            assertEquals(0, pool.evict(System.nanoTime() + Duration.ofSeconds(100).toNanos(), evicted), "one that is used is not idle");
            use(used);
            long now = System.nanoTime();
            assertTrue(pool.evict(now, evicted) > Duration.ofSeconds(9).toNanos());
            assertEquals(0, evicted.size());
            assertEquals(0, pool.evict(now + Duration.ofSeconds(10).toNanos(), evicted));
            assertEquals(1, evicted.size());
            var gone = new CountDownLatch(1);
            origin.connections().getFirst().onGoAway(gone::countDown);
            evicted.forEach(Runnable::run);
            await(gone);
        }
    }

    @Test void poolThatKeepsNothingIdleEndsTheConnectionWithItsLastRequest() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer);
             var pool = new ConnectionPool(PoolConfig.DEFAULTS.withMaxIdlePerHost(0))) {
            var lease = pool.lease(of(origin));
            var connection = (Http2Connection) lease.connection();
            use(lease);
            assertTrue(connection.spent());
            assertEquals(0, pool.idle());
        }
    }

    @Test void closedPoolEndsConnectionsWithTheirLastRequest() throws Exception {
        var release = new CountDownLatch(1);
        try (var origin = new Http2Origin(exchange -> {
            await(release);
            answer(exchange);
        })) {
            var pool = new ConnectionPool(PoolConfig.DEFAULTS);
            var lease = pool.lease(of(origin));
            var transaction = lease.connection().send(new RequestHead("GET", "http", "a", "/", new Fields()));
            transaction.content().end();
            pool.close();
            assertEquals(503, assertThrows(GatewayException.class, () -> pool.lease(of(origin))).status());
            release.countDown();
            assertEquals(204, transaction.response(Deadline.after(PATIENCE)).status());
            lease.close();
            assertThrows(IOException.class, () -> {
                while (true) ((Http2Connection) lease.connection()).ping(Deadline.after(PATIENCE));
            });
        }
    }

    @Test void idleConnectionThatDoesNotAnswerIsNotTrusted() throws Exception {
        try (var origin = new Http2Origin(SharedConnectionTest::answer);
             var frozen = new FrozenLink(origin.uri().getPort());
             var pool = new ConnectionPool(PoolConfig.DEFAULTS, Duration.ZERO)) {
            var target = Origin.of(URI.create("h2c://127.0.0.1:" + frozen.port()));
            use(pool.lease(target));
            use(pool.lease(target));
            assertEquals(1, origin.connections().size(), "one that answers is used");
            frozen.freeze();
            use(pool.lease(target));
            assertEquals(2, origin.connections().size());
        }
    }

    @Test void extendedConnectNeedsTheOriginsConsent() throws Exception {                // RFC 8441 §3
        try (var without = new Http2Origin(SharedConnectionTest::answer); var with = new Http2Origin(Http2Origin.CONNECT, SharedConnectionTest::answer);
             var pool = new ConnectionPool(PoolConfig.DEFAULTS)) {
            var failure = assertThrows(GatewayException.class, () -> pool.leaseForUpgrade(of(without)));
            assertEquals("http_upgrade_failed", failure.error());
            use(pool.lease(of(without)));
            assertEquals(1, without.connections().size());
            try (var lease = pool.leaseForUpgrade(of(with))) {
                assertTrue(((Http2Connection) lease.connection()).connectProtocol());
            }
        }
    }
}
