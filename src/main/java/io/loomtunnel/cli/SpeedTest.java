package io.loomtunnel.cli;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;

/// The program at the far end of a doctor's own tunnel: a visitor's GET takes as much as goes through in a while, and what a visitor POSTs is
/// counted.
final class SpeedTest {
    static final int MOST = 32 << 20;                              // bytes, each way
    static final Duration LONGEST = Duration.ofSeconds(2);
    static final byte[] BLOCK = new byte[32 * 1024];

    private volatile double received;                              // bytes a second of the last POST

    void handle(Exchange exchange) throws IOException {
        if (exchange.request().method().equals("POST")) count(exchange);
        else give(exchange);
    }

    private static void give(Exchange exchange) throws IOException {
        try (var sink = exchange.respond(new ResponseHead(200, Fields.of("content-type", "application/octet-stream", "cache-control", "no-store")))) {
            var end = Deadline.after(LONGEST);
            for (int sent = 0; sent < MOST && !end.passed(); sent += BLOCK.length) sink.write(BLOCK, 0, BLOCK.length);
            sink.end();
        }
    }

    private void count(Exchange exchange) throws IOException {
        var rate = new Rate();
        var buffer = new byte[BLOCK.length];
        for (int n; (n = exchange.content().read(buffer)) >= 0; ) rate.add(n);
        received = rate.perSecond();
        try (var sink = exchange.respond(new ResponseHead(200, Fields.of("content-length", "0")))) {
            sink.end();
        }
    }

    /// Bytes a second of the last POST.
    double received() {
        return received;
    }

    /// How fast bytes come, from the first ones on.
    static final class Rate {
        private long first;
        private long last;
        private long bytes = -1;

        void add(int count) {
            last = System.nanoTime();
            if (bytes < 0) {                       // these began to come before we looked
                first = last;
                bytes = 0;
            } else {
                bytes += count;
            }
        }

        double perSecond() {
            return bytes <= 0 ? 0 : bytes * 1e9 / Math.max(1, last - first);
        }
    }
}
