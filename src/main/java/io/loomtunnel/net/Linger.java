package io.loomtunnel.net;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.time.Duration;

/// The end of a connection whose peer is still sending: closing with unread bytes would destroy what was said to it last.
public final class Linger {
    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final int MOST = 64 * 1024;          // bytes

    private Linger() {}

    /// Ends our direction, and reads until the peer has ended its own, or has sent a lot, for two seconds at most. Closes nothing.
    /// @param in reads the connection
    public static void end(SocketDuplex connection, ByteReader in) {
        var deadline = Deadline.after(LIMIT);
        try {
            connection.finish();
            for (int left = MOST; left > 0 && !deadline.passed(); ) {
                left -= in.available();
                in.skip(in.available());
                connection.readTimeout(deadline.left());
                if (!in.fill()) return;
            }
        } catch (IOException _) {
            // it is gone
        }
    }

    /// The same without waiting: only for what has come already.
    static void endAtOnce(SocketDuplex connection, ByteReader in) {
        try {
            connection.finish();
            for (int left = MOST; left > 0 && in.availableAll() > 0; ) {
                left -= in.available();
                in.skip(in.available());
                if (in.availableAll() > 0 && !in.fill()) return;
            }
        } catch (IOException _) {
            // it is gone
        }
    }
}
