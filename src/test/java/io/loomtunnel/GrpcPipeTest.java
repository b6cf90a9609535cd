package io.loomtunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.fixture.Http2Origin;
import io.loomtunnel.fixture.Http2Visitor;
import io.loomtunnel.fixture.WholePipe;
import io.loomtunnel.http.CancelledException;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.ingress.IngressConfig;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What gRPC asks of a gateway, from an HTTP/2 visitor through a tunnel to an HTTP/2 origin.
@Timeout(60)
class GrpcPipeTest {
    private static final Fields GRPC = Fields.of("content-type", "application/grpc");

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Http2Origin origin;
    private WholePipe pipe;
    private Http2Visitor visitor;

    private void start(Http2Config config, ExchangeHandler service) throws IOException {
        origin = open(new Http2Origin(config, service));
        pipe = open(new WholePipe(IngressConfig.DEFAULTS));
        pipe.client(builder -> builder.http(origin.uri()));
        visitor = open(new Http2Visitor(pipe.address()));
    }

    private void start(ExchangeHandler service) throws IOException {
        start(Http2Origin.CONFIG, service);
    }

    private <T extends AutoCloseable> T open(T resource) {
        open.push(resource);
        return resource;
    }

    @AfterEach void closeAll() throws Exception {
        while (!open.isEmpty()) open.pop().close();
    }

    private Transaction call() throws IOException {
        return call(visitor);
    }

    private static Transaction call(Http2Visitor visitor) throws IOException {
        return visitor.begin("POST", "/pkg.Service/Method", "content-type", "application/grpc", "te", "trailers", "grpc-timeout", "10S");
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(20));
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) throw new IOException("in vain");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test void requestArrivesWithItsFieldsAndTheOriginsScheme() throws Exception {
        var heads = new LinkedBlockingQueue<RequestHead>();
        start(exchange -> {
            heads.add(exchange.request());
            exchange.respond(new ResponseHead(200, Fields.of("content-type", "application/grpc", "grpc-status", "0"))).end();
        });
        var call = call();
        call.content().end();
        call.response(soon());
        var head = heads.take();
        assertEquals("POST http /pkg.Service/Method app.example", head.method() + " " + head.scheme() + " " + head.path() + " " + head.authority());
        assertEquals("trailers", head.fields().first("te"));
        assertEquals("10S", head.fields().first("grpc-timeout"));
    }

    @Test void trailersOnlyResponseIsHeadAndEndInOne() throws Exception {
        start(exchange -> exchange.respond(new ResponseHead(200,
                Fields.of("content-type", "application/grpc", "grpc-status", "12", "grpc-message", "no such method"))).end());
        var call = call();
        call.content().write(new byte[5]);
        call.content().end();
        var head = call.response(soon());
        assertEquals("12", head.fields().first("grpc-status"));
        assertEquals("no such method", head.fields().first("grpc-message"));
        assertEquals(0, call.body().readAllBytes().length);
        assertTrue(call.body().trailers().isEmpty());
    }

    @Test void messagesFlowBothWaysInTurnAndTrailersEndThem() throws Exception {
        start(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, GRPC));
            sink.flush();
            for (byte[] message; (message = exchange.content().readNBytes(6)).length > 0; ) {
                sink.write(message);
                sink.flush();
            }
            sink.end(Fields.of("grpc-status", "0"));
        });
        var call = call();
        call.content().flush();
        assertEquals(200, call.response(soon()).status());
        for (int i = 100; i < 200; i++) {
            var message = ("no." + i).getBytes(ISO_8859_1);
            call.content().write(message);
            call.content().flush();
            assertArrayEquals(message, call.body().readNBytes(6));
        }
        call.content().end();
        assertEquals(-1, call.body().read());
        assertEquals("0", call.body().trailers().first("grpc-status"));
    }

    @Test void messageOfFourMebibytesPassesBothWays() throws Exception {
        var message = new byte[4 << 20];
        new Random(4).nextBytes(message);
        start(exchange -> {
            var all = exchange.content().readAllBytes();
            var sink = exchange.respond(new ResponseHead(200, GRPC));
            sink.write(all);
            sink.end(Fields.of("grpc-status", "0"));
        });
        var call = call();
        call.content().write(message);
        call.content().end();
        assertEquals(200, call.response(soon()).status());
        assertArrayEquals(message, call.body().readAllBytes());
        assertEquals("0", call.body().trailers().first("grpc-status"));
    }

    @Test void visitorsCancelReachesTheOriginAndItsConnectionServesOn() throws Exception {
        var began = new CountDownLatch(1);
        var cancelled = new CountDownLatch(1);
        start(exchange -> {
            if (exchange.content().length() == 0) {
                exchange.respond(new ResponseHead(200, Fields.of("grpc-status", "0"))).end();
                return;
            }
            exchange.onCancel(cancelled::countDown);
            exchange.respond(new ResponseHead(200, GRPC)).flush();
            began.countDown();
            await(cancelled);
        });
        var call = call();
        call.content().flush();
        call.response(soon());
        await(began);
        call.cancel();
        await(cancelled);
        var next = call();
        next.content().end();
        assertEquals(200, next.response(soon()).status());
        assertEquals(1, origin.connections().size());
    }

    @Test void originsCancelReachesTheVisitorAsWhatItIs() throws Exception {
        start(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, GRPC));
            sink.write(new byte[10]);
            sink.flush();
            exchange.content().read();               // the visitor has seen them
            exchange.reset();
        });
        var call = call();
        call.content().flush();
        call.response(soon());
        assertEquals(10, call.body().readNBytes(10).length);
        call.content().write(1);
        call.content().flush();
        assertThrows(CancelledException.class, () -> call.body().read());
    }

    @Test void originThatBreaksOffIsNoCancel() throws Exception {
        start(exchange -> {
            var sink = exchange.respond(new ResponseHead(200, GRPC));
            sink.write(new byte[10]);
            sink.flush();
            exchange.content().read();
            throw new IOException("a bug");
        });
        var call = call();
        call.content().flush();
        call.response(soon());
        assertEquals(10, call.body().readNBytes(10).length);
        call.content().write(1);
        call.content().flush();
        var failure = assertThrows(IOException.class, () -> call.body().read());
        assertTrue(failure.getMessage().contains("INTERNAL_ERROR"), failure.toString());
    }

    @Test void hundredStreamsAtOnceShareOneConnectionToTheOrigin() throws Exception {
        var all = new Phaser(100);
        start(exchange -> {
            all.arriveAndAwaitAdvance();
            exchange.respond(new ResponseHead(200, Fields.of("grpc-status", "0"))).end();
        });
        for (var one : atOnce(100, visitor)) one.get();
        assertEquals(1, origin.connections().size());
    }

    @Test void moreStreamsThanOneConnectionTakesGetAnother() throws Exception {            // RFC 9113 §5.1.2
        var all = new Phaser(100);
        start(Http2Origin.CONFIG.withMaxStreams(40), exchange -> {
            all.arriveAndAwaitAdvance();
            exchange.respond(new ResponseHead(200, Fields.of("grpc-status", "0"))).end();
        });
        for (var one : atOnce(100, visitor)) one.get();
        assertEquals(3, origin.connections().size());
    }

    private static ArrayList<Future<?>> atOnce(int count, Http2Visitor visitor) {
        var calls = new ArrayList<Future<?>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                calls.add(threads.submit(() -> {
                    var call = call(visitor);
                    call.content().write(new byte[5]);
                    call.content().end();
                    assertEquals(200, call.response(soon()).status());
                    assertEquals(0, call.body().readAllBytes().length);
                    return null;
                }));
            }
        }
        return calls;
    }

    @Test void requestThatTheOriginRefusesIsSentAgainElsewhere() throws Exception {        // RFC 9113 §8.7
        var release = new CountDownLatch(1);
        start(Http2Origin.CONFIG.withMaxStreams(2), exchange -> {
            await(release);
            exchange.respond(new ResponseHead(200, Fields.of("grpc-status", "0"))).end();
        });
        // Two requests that are cancelled go on being counted by this origin until its handlers have ended: the next is refused.
        for (int i = 0; i < 2; i++) {
            var given = visitor.get("/given-up");
            while (origin.connections().isEmpty() || origin.connections().getFirst().streams() <= i) Thread.onSpinWait();
            given.cancel();
        }
        var next = visitor.begin("POST", "/not-idempotent");
        next.content().end();
        release.countDown();
        assertEquals(200, next.response(soon()).status());
    }

    @Test void originThatIsRestartedCostsNoRequest() throws Exception {                    // RFC 9113 §6.8
        start(exchange -> exchange.respond(new ResponseHead(200, Fields.of("grpc-status", "0"))).end());
        for (int i = 0; i < 200; i++) {
            if (i % 20 == 10) origin.connections().getLast().drain();
            var call = visitor.begin("POST", "/");
            call.content().end();
            assertEquals(200, call.response(soon()).status(), "request " + i);
        }
        assertTrue(origin.connections().size() > 5);
        assertFalse(origin.connections().getFirst().isOpen());
    }
}
