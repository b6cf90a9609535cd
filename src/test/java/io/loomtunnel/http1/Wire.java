package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.fixture.Pieces;
import io.loomtunnel.fixture.Replay;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.RequestHead;
import java.io.IOException;

/// What a request looks like on its way to an HTTP/1.1 origin.
public final class Wire {
    private Wire() {}

    /// @param head   without hop-by-hop fields
    /// @param length of its content, or [Content#UNKNOWN]
    /// @return the head's bytes, the framing of the content included
    public static byte[] sent(RequestHead head, long length) throws IOException {
        var origin = new Replay(Pieces.whole(new byte[0]));
        var client = new Http1Client(origin, new ByteReader(origin.in(), new MemoryBudget(1 << 20)), Http1Config.ORIGIN);
        var content = client.send(head).content();
        if (length == 0) content.end();
        else content.flush();
        return origin.sent();
    }
}
