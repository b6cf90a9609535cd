package io.loomtunnel.hpack;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Fields;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// A request's field block of 4 pseudo-fields and 7 fields, after the first of its kind filled the table: encoded, and decoded into
/// `Fields`.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HpackBenchmark {
    private static final Fields FIELDS = Fields.of(
            "user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "accept", "*/*", "accept-language", "en-US,en;q=0.5", "accept-encoding", "gzip, deflate, br, zstd",
            "referer", "http://app.example.com/", "cookie", "session=0123456789abcdef0123456789abcdef; theme=dark",
            "if-none-match", "\"5e8c-62f1a2b3c4d5e\"");

    private final Encoder encoder = new Encoder(4096);
    private final Decoder decoder = new Decoder(4096);
    private final ByteWriter out = new ByteWriter(1024);
    private final byte[] block;

    public HpackBenchmark() {
        encode();
        try {
            decoder.decode(out.array(), 0, out.size(), 65_536, 200, (_, _, _, _, _, _, _) -> { });
        } catch (HpackException e) {
            throw new AssertionError(e);
        }
        encode();
        block = Arrays.copyOf(out.array(), out.size());
    }

    @Benchmark public int encode() {
        out.reset(1024);
        encoder.begin(out);
        encoder.field(out, ":method", "GET");
        encoder.field(out, ":scheme", "http");
        encoder.field(out, ":path", "/assets/app.js?v=20261124");
        encoder.field(out, ":authority", "app.example.com");
        encoder.fields(out, FIELDS);
        return out.size();
    }

    @Benchmark public Fields decode() throws HpackException {
        var fields = new Fields();
        decoder.decode(block, 0, block.length, 65_536, 200, (names, no, nl, values, vo, vl, _) -> fields.add(names, no, nl, values, vo, vl));
        return fields;
    }
}
