package io.loomtunnel.http2;

import static io.loomtunnel.http2.Frame.CONTINUATION;
import static io.loomtunnel.http2.Frame.DATA;
import static io.loomtunnel.http2.Frame.END_HEADERS;
import static io.loomtunnel.http2.Frame.END_STREAM;
import static io.loomtunnel.http2.Frame.GOAWAY;
import static io.loomtunnel.http2.Frame.HEADERS;
import static io.loomtunnel.http2.Frame.PADDED;
import static io.loomtunnel.http2.Frame.PING;
import static io.loomtunnel.http2.Frame.PRIORITY;
import static io.loomtunnel.http2.Frame.PRIORITY_FLAG;
import static io.loomtunnel.http2.Frame.PUSH_PROMISE;
import static io.loomtunnel.http2.Frame.RST_STREAM;
import static io.loomtunnel.http2.Frame.SETTINGS;
import static io.loomtunnel.http2.Frame.WINDOW_UPDATE;
import static io.loomtunnel.http2.RawClient.GET;
import static io.loomtunnel.http2.RawClient.POST;
import static io.loomtunnel.http2.RawClient.int32;
import static io.loomtunnel.http2.RawClient.setting;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The server role, section by section of RFC 9113, towards a client that may send anything.
@Timeout(30)
class Http2ServerTest {
    /// Reads the request to its end and answers with what it understood.
    private static final ExchangeHandler ECHO = exchange -> {
        var content = new String(exchange.content().readAllBytes(), ISO_8859_1);
        var request = exchange.request();
        var sink = exchange.respond(new ResponseHead(200, Fields.of("x-seen", request.authority() + " " + request.path() + " [" + content + "]"
                + request.fields() + exchange.content().trailers())));
        sink.end();
    };

    @FunctionalInterface
    private interface Sending {
        void to(RawClient client) throws IOException;
    }

    private static String[] with(String[] fields, String... more) {
        return Stream.concat(Arrays.stream(fields), Arrays.stream(more)).toArray(String[]::new);
    }

    private static String outcome(Sending sending) throws IOException {
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            sending.to(client);
            return client.outcome(1);
        }
    }

    @Test void malformedRequestsAreStreamErrors() throws IOException {               // §8.1.1, §8.2, §8.3
        for (var fields : List.of(
                with(GET, "X-Upper", "1"), with(GET, "", "1"), with(GET, "a b", "1"), with(GET, "a:b", "1"), with(GET, "x\u00e9", "1"),
                with(GET, "x", "a\rb"), with(GET, "x", "a\nb"), with(GET, "x", "a\0b"), with(GET, "x", "a\u007fb"),
                with(GET, "x", " a"), with(GET, "x", "a "), with(GET, "x", "\ta"),
                with(GET, "connection", "close"), with(GET, "keep-alive", "1"), with(GET, "proxy-connection", "close"),
                with(GET, "transfer-encoding", "chunked"), with(GET, "upgrade", "h2c"), with(GET, "te", "gzip"), with(GET, "te", "trailers, gzip"),
                with(GET, ":method", "GET"), with(GET, ":path", "/"), with(GET, ":status", "200"), with(GET, ":unknown", "1"),
                with(GET, "x", "1", ":authority", "a.example"), with(GET, "host", "b.example"),
                new String[] {":scheme", "http", ":authority", "a", ":path", "/"},
                new String[] {":method", "GET", ":authority", "a", ":path", "/"},
                new String[] {":method", "GET", ":scheme", "http", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", "host", ""},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "b"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "a"},
                new String[] {":method", "PRI", ":scheme", "http", ":path", "/", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a%zz"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", ""},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "u@a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a/b"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a:x"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a:1:2"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", ":authority", "[::1"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "x", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "*", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "http://a/", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/a b", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/a\r\nx: 1", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/#x", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/\\x", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/\"", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/\u00e9", ":authority", "a"},
                new String[] {":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a"},
                new String[] {":method", "G ET", ":scheme", "http", ":path", "/", ":authority", "a"},
                new String[] {":method", "", ":scheme", "http", ":path", "/", ":authority", "a"},
                new String[] {":method", "CONNECT", ":scheme", "http", ":path", "/", ":authority", "a:1"},
                new String[] {":method", "CONNECT"},
                new String[] {":method", "CONNECT", ":protocol", "websocket", ":authority", "a:1"},
                new String[] {":method", "GET", ":protocol", "websocket", ":scheme", "http", ":path", "/", ":authority", "a:1"},
                with(GET, "content-length", "1"), with(GET, "content-length", "x"), with(GET, "content-length", "-1"), with(GET, "content-length", ""),
                with(GET, "content-length", "0", "content-length", "1"), with(GET, "content-length", "99999999999999999999"))) {
            assertEquals("RST PROTOCOL_ERROR", outcome(client -> client.headers(END_STREAM, 1, fields)), String.join("|", fields));
        }
    }

    @Test void unusualButProperRequestsAreServed() throws IOException {
        for (var fields : List.of(
                with(GET, "host", "A.example"), with(GET, "te", "trailers"), with(GET, "x", ""), with(GET, "x", "caf\u00e9\tb"),
                with(GET, "content-length", "0"), with(GET, "cookie", "a=1", "cookie", "b=2"),
                new String[] {":path", "/?a=\\", ":authority", "[::1]:8080", ":scheme", "https", ":method", "REPORT"},
                new String[] {":method", "GET", ":scheme", "http", ":path", "/", "host", "a.example"},
                new String[] {":method", "OPTIONS", ":scheme", "http", ":path", "*", ":authority", "a"})) {
            assertEquals("HEADERS", outcome(client -> client.headers(END_STREAM, 1, fields)), String.join("|", fields));
        }
    }

    @Test void contentMustBeAsLongAsItWasDeclared() throws IOException {             // §8.1.1
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, with(POST, "content-length", "3")).frame(DATA, END_STREAM, 1, (byte) 'a')));
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, with(POST, "content-length", "1")).frame(DATA, 0, 1, (byte) 'a', (byte) 'b')));
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, with(POST, "content-length", "2")).frame(DATA, 0, 1, (byte) 'a').headers(END_STREAM, 1, "x", "1")));
        assertEquals("HEADERS", outcome(c -> c.headers(0, 1, with(POST, "content-length", "1")).frame(DATA, 0, 1, (byte) 'a').headers(END_STREAM, 1, "x", "1")));
    }

    @Test void trailersEndTheStreamAndHoldNoPseudoFields() throws IOException {      // §8.1
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, POST).headers(0, 1, "x", "1")));
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, POST).headers(END_STREAM, 1, ":path", "/")));
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, POST).headers(END_STREAM, 1, "connection", "close")));
        var seen = new LinkedBlockingQueue<String>();
        ExchangeHandler handler = exchange -> {
            exchange.content().readAllBytes();
            seen.add(exchange.content().trailers().toString());
            ECHO.handle(exchange);
        };
        try (var client = new RawClient(Http2Config.PUBLIC, handler).greet()) {
            client.headers(0, 1, POST).headers(END_STREAM, 1, "content-length", "5", "host", "evil", "authorization", "x", "x-forwarded-for", "1", "x-sum", "7");
            assertEquals("HEADERS", client.outcome(1));
            assertEquals("Fields[x-sum]", seen.poll());     // RFC 9110 §6.5.1
        }
    }

    @Test void cookieCrumbsAreJoined() throws IOException {                          // §8.2.3
        var seen = new LinkedBlockingQueue<String>();
        ExchangeHandler handler = exchange -> {
            seen.add(String.join("|", exchange.request().fields().joined("cookie"), "" + exchange.request().fields().size()));
            ECHO.handle(exchange);
        };
        try (var client = new RawClient(Http2Config.PUBLIC, handler).greet()) {
            client.headers(END_STREAM, 1, with(GET, "cookie", "a=1", "x", "y", "cookie", "b=2", "cookie", "c=3"));
            assertEquals("HEADERS", client.outcome(1));
            assertEquals("a=1; b=2; c=3|2", seen.poll());
        }
    }

    @Test void brokenFramesAreConnectionErrors() throws IOException {
        var cases = new LinkedHashMap<String, Sending>();
        cases.put("DATA on stream 0: PROTOCOL_ERROR", c -> c.frame(DATA, 0, 0, (byte) 1));                              // §6.1
        cases.put("DATA on an idle stream: PROTOCOL_ERROR", c -> c.frame(DATA, 0, 1, (byte) 1));                        // §5.1
        cases.put("DATA with more padding than payload: PROTOCOL_ERROR", c -> c.headers(0, 1, POST).frame(DATA, PADDED, 1, (byte) 1));
        cases.put("padded DATA without a length: FRAME_SIZE_ERROR", c -> c.headers(0, 1, POST).frame(DATA, PADDED, 1));
        cases.put("HEADERS on stream 0: PROTOCOL_ERROR", c -> c.headers(END_STREAM, 0, GET));                           // §6.2
        cases.put("HEADERS on an even stream: PROTOCOL_ERROR", c -> c.headers(END_STREAM, 2, GET));                     // §5.1.1
        cases.put("PRIORITY on stream 0: PROTOCOL_ERROR", c -> c.frame(PRIORITY, 0, 0, new byte[5]));                   // §6.3
        cases.put("PRIORITY of four bytes, idle: FRAME_SIZE_ERROR", c -> c.frame(PRIORITY, 0, 1, new byte[4]));
        cases.put("RST_STREAM on stream 0: PROTOCOL_ERROR", c -> c.frame(RST_STREAM, 0, 0, new byte[4]));               // §6.4
        cases.put("RST_STREAM on an idle stream: PROTOCOL_ERROR", c -> c.frame(RST_STREAM, 0, 1, new byte[4]));
        cases.put("RST_STREAM of three bytes: FRAME_SIZE_ERROR", c -> c.headers(0, 1, POST).frame(RST_STREAM, 0, 1, new byte[3]));
        cases.put("SETTINGS on a stream: PROTOCOL_ERROR", c -> c.frame(SETTINGS, 0, 1));                                // §6.5
        cases.put("SETTINGS of seven bytes: FRAME_SIZE_ERROR", c -> c.frame(SETTINGS, 0, 0, new byte[7]));
        cases.put("an ACK with a payload: FRAME_SIZE_ERROR", c -> c.frame(SETTINGS, Frame.ACK, 0, new byte[6]));
        cases.put("ENABLE_PUSH 2: PROTOCOL_ERROR", c -> c.frame(SETTINGS, 0, 0, setting(Settings.ENABLE_PUSH, 2)));     // §6.5.2
        cases.put("INITIAL_WINDOW_SIZE 2^31: FLOW_CONTROL_ERROR", c -> c.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 1L << 31)));
        cases.put("MAX_FRAME_SIZE 16383: PROTOCOL_ERROR", c -> c.frame(SETTINGS, 0, 0, setting(Settings.MAX_FRAME_SIZE, 16_383)));
        cases.put("MAX_FRAME_SIZE 2^24: PROTOCOL_ERROR", c -> c.frame(SETTINGS, 0, 0, setting(Settings.MAX_FRAME_SIZE, 1 << 24)));
        cases.put("ENABLE_CONNECT_PROTOCOL 2: PROTOCOL_ERROR", c -> c.frame(SETTINGS, 0, 0, setting(Settings.ENABLE_CONNECT_PROTOCOL, 2)));
        cases.put("PUSH_PROMISE: PROTOCOL_ERROR", c -> c.frame(PUSH_PROMISE, END_HEADERS, 1, int32(2)));                // §8.4
        cases.put("PING on a stream: PROTOCOL_ERROR", c -> c.frame(PING, 0, 1, new byte[8]));                           // §6.7
        cases.put("PING of seven bytes: FRAME_SIZE_ERROR", c -> c.frame(PING, 0, 0, new byte[7]));
        cases.put("GOAWAY on a stream: PROTOCOL_ERROR", c -> c.frame(GOAWAY, 0, 1, new byte[8]));                       // §6.8
        cases.put("GOAWAY of seven bytes: FRAME_SIZE_ERROR", c -> c.frame(GOAWAY, 0, 0, new byte[7]));
        cases.put("WINDOW_UPDATE by 0: PROTOCOL_ERROR", c -> c.frame(WINDOW_UPDATE, 0, 0, int32(0)));                   // §6.9
        cases.put("WINDOW_UPDATE of three bytes: FRAME_SIZE_ERROR", c -> c.frame(WINDOW_UPDATE, 0, 0, new byte[3]));
        cases.put("WINDOW_UPDATE on an idle stream: PROTOCOL_ERROR", c -> c.frame(WINDOW_UPDATE, 0, 1, int32(1)));
        cases.put("a window of 2^31: FLOW_CONTROL_ERROR", c -> c.frame(WINDOW_UPDATE, 0, 0, int32(Integer.MAX_VALUE)));  // §6.9.1
        cases.put("CONTINUATION alone: PROTOCOL_ERROR", c -> c.frame(CONTINUATION, END_HEADERS, 1));                    // §6.10
        cases.put("a frame inside a field block: PROTOCOL_ERROR", c -> c.frame(HEADERS, 0, 1, RawClient.block(GET)).frame(PING, 0, 0, new byte[8]));
        cases.put("an unknown frame inside a field block: PROTOCOL_ERROR", c -> c.frame(HEADERS, 0, 1, RawClient.block(GET)).frame(0x42, 0, 1));
        cases.put("CONTINUATION of another stream: PROTOCOL_ERROR", c -> c.frame(HEADERS, 0, 1, RawClient.block(GET)).frame(CONTINUATION, END_HEADERS, 3));
        cases.put("HEADERS with more padding than payload: PROTOCOL_ERROR", c -> c.frame(HEADERS, PADDED | END_HEADERS, 1, (byte) 9, (byte) 0x82));
        cases.put("a frame of 16,385 bytes: FRAME_SIZE_ERROR", c -> c.headers(0, 1, POST).frame(DATA, 0, 1, new byte[16_385]));  // §4.2
        cases.put("index 0: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0x80));                    // RFC 7541 §6.1
        cases.put("an index that is not in the table: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0xff, (byte) 0));
        cases.put("a table size above the limit: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0x3f, (byte) 0xe2, (byte) 0x1f));
        cases.put("a table size update behind a field: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0x82, (byte) 0x20));
        cases.put("EOS in a string: COMPRESSION_ERROR",                                                                 // RFC 7541 §5.2
                c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0, (byte) 0x84, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0));
        cases.put("padding of zeros in a string: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0, (byte) 0x81, (byte) 0x18, (byte) 0));
        cases.put("an integer without an end: COMPRESSION_ERROR", c -> {
            var block = new byte[20];
            Arrays.fill(block, (byte) 0xff);
            c.frame(HEADERS, END_HEADERS, 1, block);
        });
        cases.put("a string longer than its block: COMPRESSION_ERROR", c -> c.frame(HEADERS, END_HEADERS, 1, (byte) 0, (byte) 5, (byte) 'a'));
        for (var each : cases.entrySet()) {
            var expected = each.getKey().substring(each.getKey().lastIndexOf(' ') + 1);
            assertEquals("GOAWAY " + expected, outcome(each.getValue()), each.getKey());
        }
    }

    @Test void firstFrameIsSettings() throws IOException {                           // §3.4
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO)) {
            client.raw(RawClient.PREFACE.getBytes(ISO_8859_1)).frame(PING, 0, 0, new byte[8]);
            assertEquals(ErrorCode.PROTOCOL_ERROR, client.goodbye());
        }
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO)) {
            client.raw(RawClient.PREFACE.getBytes(ISO_8859_1)).frame(SETTINGS, Frame.ACK, 0);
            assertEquals(ErrorCode.PROTOCOL_ERROR, client.goodbye());
        }
    }

    @Test void framesOnStreamsThatAreOverAreErrors() throws IOException {            // §5.1
        assertEquals("RST STREAM_CLOSED", outcomeOfStalled(c -> c.headers(END_STREAM, 1, POST).frame(DATA, 0, 1, (byte) 1)));
        assertEquals("RST STREAM_CLOSED", outcomeOfStalled(c -> c.headers(END_STREAM, 1, POST).headers(END_STREAM, 1, GET)));
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            assertEquals("HEADERS", client.headers(END_STREAM, 1, GET).outcome(1));
            client.frame(DATA, 0, 1, (byte) 1);
            assertEquals("GOAWAY STREAM_CLOSED", client.outcome(1));
        }
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            assertEquals("HEADERS", client.headers(END_STREAM, 5, GET).outcome(5));
            client.headers(END_STREAM, 3, GET);                                      // §5.1.1: ids rise
            assertTrue(client.outcome(3).startsWith("GOAWAY "));
        }
    }

    @Test void aRequestThatHasEndedIsPromisedNoWindow() throws IOException {        // §6.9: it would be a frame a request, for nothing
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            client.headers(END_STREAM, 1, GET);
            Frame frame;
            do {
                frame = client.next();
                if (frame instanceof Frame.WindowUpdate(var id, _)) assertEquals(0, id);
            } while (!(frame instanceof Frame.Headers));
        }
    }

    @Test void lateFramesOfAStreamThatWeResetAreIgnored() throws IOException {       // §5.1: sent before our RST_STREAM arrived
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            assertEquals("RST PROTOCOL_ERROR", client.headers(0, 1, with(POST, "connection", "close")).outcome(1));
            client.frame(DATA, 0, 1, (byte) 1).frame(WINDOW_UPDATE, 0, 1, int32(1)).headers(END_STREAM, 1, "x", "1").frame(RST_STREAM, 0, 1, new byte[4]);
            assertEquals("HEADERS", client.headers(END_STREAM, 3, GET).outcome(3));
        }
    }

    @Test void streamErrorsOfWindowsAndPriorities() throws IOException {
        assertEquals("RST PROTOCOL_ERROR", outcome(c -> c.headers(0, 1, POST).frame(WINDOW_UPDATE, 0, 1, int32(0))));                     // §6.9
        assertEquals("RST FLOW_CONTROL_ERROR", outcome(c -> c.headers(0, 1, POST).frame(WINDOW_UPDATE, 0, 1, int32(Integer.MAX_VALUE)))); // §6.9.1
        assertEquals("RST FRAME_SIZE_ERROR", outcome(c -> c.headers(0, 1, POST).frame(PRIORITY, 0, 1, new byte[4])));                     // §6.3
        assertEquals("RST FLOW_CONTROL_ERROR", outcomeOfStalled(c -> {
            c.headers(0, 1, POST);
            for (int i = 0; i < 5; i++) c.frame(DATA, 0, 1, new byte[16_384]);       // 80 KiB into a window of 64
        }));
    }

    /// The handler reads nothing.
    private static String outcomeOfStalled(Sending sending) throws IOException {
        var end = new CountDownLatch(1);
        try (var client = new RawClient(Http2Config.PUBLIC, _ -> await(end)).greet()) {
            sending.to(client);
            return client.outcome(1);
        } finally {
            end.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) throw new AssertionError("not in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test void whatIsUnknownIsIgnored() throws IOException {                         // §5.5, §6.5.2, §5.3.2, RFC 9218 §7.1
        assertEquals("HEADERS", outcome(c -> c.frame(0x10, 0, 0, int32(1)).frame(0xfa, 0xff, 7, (byte) 1).frame(SETTINGS, 0, 0, setting(0xbaba, 1))
                .frame(PRIORITY, 0, 9, (byte) 0, (byte) 0, (byte) 0, (byte) 3, (byte) 1).frame(PING, 0xfe, 0, new byte[8])
                .frame(HEADERS, END_STREAM | END_HEADERS | 0xd2, 1, RawClient.block(GET))));
    }

    @Test void paddingAndPriorityOfHeadersAreTakenOff() throws IOException {         // §6.2
        var block = RawClient.block(GET);
        var payload = new byte[1 + 5 + block.length + 3];
        payload[0] = 3;
        System.arraycopy(block, 0, payload, 6, block.length);
        assertEquals("HEADERS", outcome(c -> c.frame(HEADERS, PADDED | PRIORITY_FLAG | END_STREAM | END_HEADERS, 1, payload)));
    }

    @Test void windowsFollowInitialWindowSizeBelowZero() throws IOException {        // §6.9.2
        ExchangeHandler big = exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "20000")));
            sink.write(new byte[20_000]);
            sink.end();
        };
        try (var client = new RawClient(Http2Config.PUBLIC, big).greet()) {
            client.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 10_000)).headers(END_STREAM, 1, GET);
            assertEquals(10_000, receive(client, 10_000));
            client.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 4_000));              // the window is -6,000 now
            client.frame(WINDOW_UPDATE, 0, 1, int32(6_000)).frame(PING, 0, 0, new byte[8]);           // and 0 here
            Frame frame;
            while (!((frame = client.next()) instanceof Frame.Ping)) assertTrue(!(frame instanceof Frame.Data), () -> "DATA into a window of zero");
            client.frame(WINDOW_UPDATE, 0, 1, int32(1));
            assertEquals(1, receive(client, 1));
            client.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 13_999));
            assertEquals(9_999, receive(client, 9_999));
        }
    }

    @Test void initialWindowSizeMustNotMakeAWindowTooLarge() throws IOException {    // §6.9.2
        assertEquals("GOAWAY FLOW_CONTROL_ERROR", outcomeOfStalled(c -> c.headers(0, 1, POST).frame(WINDOW_UPDATE, 0, 1, int32(1_000_000))
                .frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, Integer.MAX_VALUE))));
    }

    private static int receive(RawClient client, int bytes) throws IOException {
        int sum = 0;
        while (sum < bytes) if (client.next() instanceof Frame.Data data) sum += data.length();
        return sum;
    }

    @Test void streamsAboveTheLimitAreRefusedUntilAHandlerHasEnded() throws Exception {      // §5.1.2; CVE-2023-44487
        var end = new CountDownLatch(1);
        var running = new CountDownLatch(3);
        try (var client = new RawClient(Http2Config.PUBLIC.withMaxStreams(3), exchange -> {
            running.countDown();
            await(end);
            ECHO.handle(exchange);
        }).greet()) {
            for (int id = 1; id <= 5; id += 2) client.headers(END_STREAM, id, GET);
            await(running);
            assertEquals("RST REFUSED_STREAM", client.headers(END_STREAM, 7, GET).outcome(7));
            client.frame(RST_STREAM, 0, 1, int32(8));                                // gone for the client, not for us
            assertEquals("RST REFUSED_STREAM", client.headers(END_STREAM, 9, GET).outcome(9));
            assertEquals(3, client.server.streams());
            end.countDown();
            assertEquals("HEADERS", client.outcome(5));
        }
    }

    @Test void streamsAboveOurGoAwayAreIgnoredAndItsIdNeverRises() throws Exception {       // §6.8
        var end = new CountDownLatch(1);
        try (var client = new RawClient(Http2Config.PUBLIC, exchange -> {
            await(end);
            ECHO.handle(exchange);
        }).greet()) {
            client.headers(0, 1, POST);
            client.frame(PING, 0, 0, new byte[8]);
            while (!(client.next() instanceof Frame.Ping)) { }
            client.server.drain();
            int last = 0;
            while (last != 1) {
                switch (client.next()) {
                    case Frame.GoAway(var id, var code) -> {
                        assertEquals(ErrorCode.NO_ERROR, code);
                        last = id;
                    }
                    case Frame.Ping(var _, var data) -> client.frame(PING, Frame.ACK, 0, RawClient.int64(data));
                    default -> { }
                }
            }
            client.headers(0, 3, POST).frame(DATA, 0, 3, (byte) 1).frame(WINDOW_UPDATE, 0, 3, int32(1)).headers(END_STREAM, 3, "x", "1");
            client.frame(DATA, END_STREAM, 1, (byte) 1);
            end.countDown();
            assertEquals("HEADERS", client.outcome(1));
            client.frame(SETTINGS, 0, 1);
            for (Frame frame; (frame = client.next()) != null; ) if (frame instanceof Frame.GoAway(var id, var _)) assertEquals(1, id);
        }
    }

    // ---- time --------------------------------------------------------------------------------------------------

    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofSeconds(20);

    private static RawClient impatient(Duration head, Duration content, Duration write, ExchangeHandler handler) {
        return new RawClient(Http2Config.PUBLIC.withPatience(new Http2Config.Patience(head, content, write)), handler);
    }

    @Test void settingsThatAreNotAcknowledgedEndTheConnection() throws Exception {   // §6.5.3
        for (boolean own : new boolean[] {false, true}) {
            try (var client = impatient(SHORT, LONG, LONG, ECHO)) {
                client.raw(RawClient.PREFACE.getBytes(ISO_8859_1));
                if (own) client.frame(SETTINGS, 0, 0);
                assertEquals(ErrorCode.SETTINGS_TIMEOUT, client.goodbye());
                assertTrue(client.over());
            }
        }
    }

    @Test void frameOrFieldBlockThatDripsEndsTheConnection() throws Exception {
        var parts = List.<Sending>of(
                c -> c.raw(new byte[] {0, 0, 1}),
                c -> c.raw(new byte[] {0, 0, 8, PING, 0, 0, 0, 0, 0, 1, 2, 3}),
                c -> c.frame(HEADERS, END_STREAM, 1, RawClient.block(GET)),
                c -> c.frame(HEADERS, END_STREAM, 1, RawClient.block(GET)).frame(CONTINUATION, 0, 1, RawClient.block("x", "1")));
        for (var part : parts) {
            try (var client = impatient(SHORT, LONG, LONG, ECHO).greet()) {
                part.to(client);
                assertEquals(ErrorCode.ENHANCE_YOUR_CALM, client.goodbye());
                assertTrue(client.over());
            }
        }
    }

    @Test void contentThatDoesNotComeIsAnswered408() throws Exception {              // RFC 9110 §15.5.9
        try (var client = impatient(LONG, SHORT, LONG, exchange -> {
            exchange.content().readAllBytes();
            ECHO.handle(exchange);
        }).greet()) {
            client.headers(0, 1, POST).frame(DATA, 0, 1, (byte) 1);
            assertEquals("408", client.status(1));
            assertEquals("RST NO_ERROR", client.outcome(1));                         // §8.1
            assertEquals("200", client.headers(END_STREAM, 3, GET).status(3));
        }
    }

    @Test void contentOfAConnectStreamMayTakeItsTime() throws Exception {
        var read = new LinkedBlockingQueue<Integer>();
        try (var client = impatient(LONG, SHORT, LONG, exchange -> {
            var duplex = exchange.upgrade(new Fields());
            read.add(duplex.in().read());
            duplex.finish();
        }).greet()) {
            client.headers(0, 1, ":method", "CONNECT", ":protocol", "x", ":scheme", "http", ":path", "/", ":authority", "a");
            assertEquals("HEADERS", client.outcome(1));
            assertNull(read.poll(SHORT.toMillis() * 3, TimeUnit.MILLISECONDS));
            client.frame(DATA, END_STREAM, 1, (byte) 7);
            assertEquals(7, read.poll(5, TimeUnit.SECONDS));
        }
    }

    @Test void visitorWhoOpensNoWindowIsReset() throws Exception {
        var failed = new CountDownLatch(2);
        var cancelled = new CountDownLatch(2);
        try (var client = impatient(LONG, LONG, SHORT, exchange -> {
            if (exchange.request().path().equals("/small")) {
                ECHO.handle(exchange);
                return;
            }
            exchange.onCancel(cancelled::countDown);
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            try {
                sink.write(new byte[100_000]);
            } catch (IOException e) {
                failed.countDown();
                throw e;
            }
        }).greet()) {
            client.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 0)).headers(END_STREAM, 1, GET);
            assertEquals("HEADERS", client.outcome(1));
            assertEquals("RST CANCEL", client.outcome(1));
            client.headers(END_STREAM, 3, GET).frame(WINDOW_UPDATE, 0, 3, int32(1));  // a window of 1 byte is as good as none
            assertEquals("HEADERS", client.outcome(3));
            assertEquals("RST CANCEL", client.outcome(3));
            await(failed);
            await(cancelled);
            client.headers(END_STREAM, 5, ":method", "GET", ":scheme", "http", ":authority", "a", ":path", "/small");
            assertEquals("HEADERS", client.outcome(5));
        }
    }

    @Test void visitorWhoReadsSlowlyButReadsIsServed() throws Exception {
        try (var client = impatient(LONG, LONG, Duration.ofMillis(400), exchange -> {
            var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "20000")));
            sink.write(new byte[20_000]);
            sink.end();
        }).greet()) {
            client.frame(SETTINGS, 0, 0, setting(Settings.INITIAL_WINDOW_SIZE, 0)).headers(END_STREAM, 1, GET);
            for (int sum = 0; sum < 20_000; sum += receive(client, 2_000)) {
                assertNull(new LinkedBlockingQueue<>().poll(50, TimeUnit.MILLISECONDS));
                client.frame(WINDOW_UPDATE, 0, 1, int32(2_000));
            }
        }
    }

    // ---- floods ------------------------------------------------------------------------------------------------

    @Test void floodsOfCheapFramesEndTheConnection() throws Exception {
        var floods = new LinkedHashMap<String, Sending>();
        floods.put("PING", c -> c.frame(PING, 0, 0, new byte[8]));                                                   // CVE-2019-9512
        floods.put("PING ACK", c -> c.frame(PING, Frame.ACK, 0, new byte[8]));
        floods.put("SETTINGS", c -> c.frame(SETTINGS, 0, 0));                                                        // CVE-2019-9515
        floods.put("SETTINGS ACK", c -> c.frame(SETTINGS, Frame.ACK, 0));
        floods.put("PRIORITY", c -> c.frame(PRIORITY, 0, 1, new byte[5]));
        floods.put("WINDOW_UPDATE", c -> c.frame(WINDOW_UPDATE, 0, 0, int32(1)));
        floods.put("GOAWAY", c -> c.frame(GOAWAY, 0, 0, new byte[8]));
        floods.put("unknown", c -> c.frame(0x42, 0, 0));
        floods.put("empty DATA", c -> c.frame(DATA, 0, 1));                                                          // CVE-2019-9518
        floods.put("padding", c -> c.frame(DATA, PADDED, 1, (byte) 0));
        for (var flood : floods.entrySet()) assertCalmed(flood.getKey(), 100_000, (client, _) -> flood.getValue().to(client));
    }

    @Test void windowsGivenBackByAFastReaderAreNoFlood() throws IOException {
        int bytes = 64 << 20;
        try (var client = new RawClient(Http2Config.PUBLIC, exchange -> {
            var sink = exchange.respond(new ResponseHead(200, new Fields()));
            for (int i = 0; i < bytes; i += 1 << 16) sink.write(new byte[1 << 16]);
            sink.end();
        }).greet()) {
            client.headers(END_STREAM, 1, GET);
            for (int sum = 0; sum < bytes; ) {
                var frame = client.next();
                assertFalse(frame == null || frame instanceof Frame.GoAway, "ended for a flood");
                if (!(frame instanceof Frame.Data data)) continue;
                for (int end = sum + data.length(), step; sum < end; sum += step) {
                    step = Math.min(1024, end - sum);
                    client.frame(WINDOW_UPDATE, 0, 0, int32(step)).frame(WINDOW_UPDATE, 0, 1, int32(step));
                }
            }
        }
    }

    @Test void resetsEndTheConnectionWhoeverCausesThem() throws Exception {          // CVE-2023-44487, CVE-2025-8671
        var floods = new LinkedHashMap<String, Repeated>();
        floods.put("rapid reset", (c, id) -> c.headers(END_STREAM, id, GET).frame(RST_STREAM, 0, id, int32(8)));
        floods.put("window by 0", (c, id) -> c.headers(0, id, POST).frame(WINDOW_UPDATE, 0, id, int32(0)));
        floods.put("window too large", (c, id) -> c.headers(0, id, POST).frame(WINDOW_UPDATE, 0, id, int32(Integer.MAX_VALUE)));
        floods.put("DATA behind the end", (c, id) -> c.headers(END_STREAM, id, GET).frame(PRIORITY, 0, id, new byte[4]));
        floods.put("malformed", (c, id) -> c.headers(END_STREAM, id, "x", "1"));
        floods.put("no fields at all", (c, id) -> c.frame(HEADERS, END_STREAM | END_HEADERS, id));
        floods.put("too much content", (c, id) -> c.headers(0, id, with(POST, "content-length", "0")).frame(DATA, 0, id, (byte) 1));
        for (var flood : floods.entrySet()) assertCalmed(flood.getKey(), 2_000, flood.getValue());
    }

    @FunctionalInterface
    private interface Repeated {
        void to(RawClient client, int streamId) throws IOException;
    }

    private static void assertCalmed(String name, int times, Repeated flood) throws Exception {
        var end = new CountDownLatch(1);
        var running = new AtomicInteger();
        try (var client = new RawClient(Http2Config.PUBLIC, exchange -> {
            running.incrementAndGet();
            try {
                exchange.onCancel(end::countDown);
                exchange.content().readAllBytes();
                exchange.respond(new ResponseHead(204, new Fields())).end();
            } finally {
                running.decrementAndGet();
            }
        }).greet()) {
            client.headers(0, 1, POST);
            var code = new LinkedBlockingQueue<String>();
            var reading = Thread.ofVirtual().start(() -> {
                try {
                    code.add("" + client.goodbye());
                } catch (IOException e) {
                    code.add(e.toString());
                }
            });
            try {
                for (int i = 1; i <= times && code.isEmpty(); i++) flood.to(client, 2 * i + 1);
            } catch (IOException e) {
                // closed, as it should be
            }
            reading.join();
            assertEquals("ENHANCE_YOUR_CALM", code.poll(), name);
            assertTrue(client.over(), name);
            var deadline = Deadline.after(Duration.ofSeconds(5));
            while (running.get() > 0 || client.server.streams() > 0) {
                if (deadline.passed()) fail(name + ": " + running.get() + " handlers, " + client.server.streams() + " streams are left");
                Thread.onSpinWait();
            }
        }
    }

    @Test void fieldBlocksWithoutEndAreCutShort() throws IOException {               // CVE-2024-27316 and others
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            client.frame(HEADERS, 0, 1, RawClient.block(GET));
            try {
                for (int i = 0; i < 1_000; i++) client.frame(CONTINUATION, 0, 1, new byte[16_000]);
            } catch (IOException e) {
                // closed, as it should be
            }
            assertEquals(ErrorCode.ENHANCE_YOUR_CALM, client.goodbye());
        }
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            client.frame(HEADERS, 0, 1, RawClient.block(GET));
            try {
                for (int i = 0; i < 100_000; i++) client.frame(CONTINUATION, 0, 1);
            } catch (IOException e) {
                // closed, as it should be
            }
            assertEquals(ErrorCode.ENHANCE_YOUR_CALM, client.goodbye());
        }
    }

    @Test void fieldSectionIsMeasuredAsItIsDecoded() throws IOException {            // RFC 7541 §7.3: a bomb
        try (var client = new RawClient(Http2Config.PUBLIC, ECHO).greet()) {
            var entry = new ByteWriter(5_000);                                       // 4,000 bytes, into the table
            entry.put(RawClient.block(GET)).put(0x40).put(1).put('x').put(127).put(4_000 - 127 & 0x7f | 0x80).put(4_000 - 127 >> 7).put(new byte[4_000]);
            for (int i = entry.size() - 4_000; i < entry.size(); i++) entry.array()[i] = 'a';
            assertEquals("200", client.frame(HEADERS, END_STREAM | END_HEADERS, 1, Arrays.copyOf(entry.array(), entry.size())).status(1));
            var bomb = new ByteWriter(20_000);
            bomb.put(RawClient.block(GET));
            for (int i = 0; i < 16_000; i++) bomb.put(0xbe);
            assertEquals("431", client.frame(HEADERS, END_STREAM | END_HEADERS, 3, Arrays.copyOf(bomb.array(), bomb.size())).status(3));
            assertEquals("200", client.headers(END_STREAM, 5, GET).status(5));
        }
    }

    @Test void fieldLimitsHoldAtTheirEdge() throws IOException {                     // RFC 6585 §5
        int used = 0;
        for (int i = 0; i < GET.length; i++) used += GET[i].length() + 16;           // 32 for each pair (RFC 9113 §6.5.2)
        int room = Http2Config.PUBLIC.maxFieldBytes() - used - 32 - 1;
        assertEquals("200", status(with(GET, "x", "v".repeat(room))));
        assertEquals("431", status(with(GET, "x", "v".repeat(room + 1))));
        var fields = new String[2 * (Http2Config.PUBLIC.maxFields() - GET.length / 2)];
        for (int i = 0; i < fields.length; i += 2) {
            fields[i] = "x";
            fields[i + 1] = "1";
        }
        assertEquals("200", status(with(GET, fields)));
        assertEquals("431", status(with(with(GET, fields), "x", "1")));
    }

    private static String status(String[] fields) throws IOException {
        try (var client = new RawClient(Http2Config.PUBLIC, exchange -> exchange.respond(new ResponseHead(200, new Fields())).end()).greet()) {
            var block = RawClient.block(fields);
            int at = Math.min(16_000, block.length);
            client.frame(HEADERS, at == block.length ? END_STREAM | END_HEADERS : END_STREAM, 1, Arrays.copyOf(block, at));
            for (int to; at < block.length; at = to) {
                to = Math.min(at + 16_000, block.length);
                client.frame(CONTINUATION, to == block.length ? END_HEADERS : 0, 1, Arrays.copyOfRange(block, at, to));
            }
            return client.status(1);
        }
    }

    @Test void floodsOnATunnelAreOnlyCounted() throws IOException {                  // one visitor must not end it for all
        try (var client = new RawClient(Http2Config.TUNNEL, ECHO).greet()) {
            for (int i = 0; i < 3_000; i++) client.headers(END_STREAM, 2 * i + 1, GET).frame(RST_STREAM, 0, 2 * i + 1, int32(8));
            assertEquals("200", client.headers(END_STREAM, 9_001, GET).status(9_001));
        }
    }
}
