package io.loomtunnel.http2;

import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.hpack.Encoder;
import io.loomtunnel.http.RequestHead;
import java.io.IOException;

/// A request's head through an HTTP/2 hop, as a tunnel is one.
public final class Blocks {
    private final Encoder encoder = new Encoder(4_096);
    private final HeadDecoder decoder = new HeadDecoder(96 * 1024, 256, false);
    private final ByteWriter out = new ByteWriter(512);

    /// @param head without hop-by-hop fields
    /// @return what the far side makes of it
    public RequestHead passed(RequestHead head) throws IOException {
        out.reset(4_096);
        encoder.begin(out);
        HeadFields.encode(head, encoder, out);
        return decoder.request(new Frame.Headers(1, true, -1, out.array(), 0, out.size()));
    }
}
