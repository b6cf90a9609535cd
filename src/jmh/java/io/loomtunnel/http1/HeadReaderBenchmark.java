package io.loomtunnel.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// A browser's request head (9 fields, 430 bytes) parsed, and a response's head written.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeadReaderBenchmark {
    private static final byte[] REQUEST = ("""
        GET /assets/app.js?v=20261124 HTTP/1.1\r
        Host: app.example.com\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r
        Accept: */*\r
        Accept-Language: en-US,en;q=0.5\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Connection: keep-alive\r
        Referer: http://app.example.com/\r
        Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r
        If-None-Match: "5e8c-62f1a2b3c4d5e"\r
        \r
        """).getBytes(ISO_8859_1);

    /// The same bytes for ever.
    private static final class Loop extends InputStream {
        private int at;

        @Override public int read() {
            throw new UnsupportedOperationException();
        }

        @Override public int read(byte[] target, int offset, int length) {
            int n = Math.min(length, REQUEST.length - at);
            System.arraycopy(REQUEST, at, target, offset, n);
            at = (at + n) % REQUEST.length;
            return n;
        }
    }

    private final HeadReader reader = new HeadReader(null, new ByteReader(new Loop(), new MemoryBudget(1 << 20)), Http1Config.DEFAULTS);
    private final ByteWriter out = new ByteWriter(1024);
    private HeadReader.Request request;

    @Benchmark public Object parseRequest() throws IOException {
        return request = reader.request("http", Deadline.NEVER);
    }

    @Benchmark public int parseAndWriteRequest() throws IOException {
        out.reset(1024);
        HeadWriter.request(out, reader.request("http", Deadline.NEVER).head());
        return out.size();
    }
}
