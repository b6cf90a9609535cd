package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.DEBUG;

import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import java.io.IOException;

/// What becomes of an admitted claim: its connection is read to its end by the calling thread, while a second one waits for the client's
/// SETTINGS, at which the tunnel becomes routable.
final class Reception {
    private static final System.Logger LOG = System.getLogger(Reception.class.getName());

    private final TunnelRegistry tunnels;
    private final PtthConfig config;

    Reception(TunnelRegistry tunnels, PtthConfig config) {
        this.tunnels = tunnels;
        this.config = config;
    }

    /// Serves one tunnel.
    /// @param connection in the client's role
    /// @param deadline   of the handshake
    /// @throws IOException the connection failed
    void serve(Claim claim, Http2Connection connection, Deadline deadline) throws IOException {
        var tunnel = new Tunnel(claim, connection, config, tunnels::doubted);
        connection.onGoAway(() -> tunnels.withdraw(claim, tunnel));
        var opening = Thread.ofVirtual().name("loomtunnel-handshake")
                .start(() -> attach(claim, tunnel, connection, deadline));
        try {
            connection.run();
        } finally {
            tunnel.close();
            join(opening);             // so that nobody attaches a tunnel that was removed
            tunnels.remove(claim, tunnel);
        }
    }

    private void attach(Claim claim, Tunnel tunnel, Http2Connection connection, Deadline deadline) {
        try {
            if (connection.awaitSettings(deadline) && tunnels.attach(claim, tunnel)) {
                LOG.log(DEBUG, () -> "attached: " + tunnel);
                return;
            }
            LOG.log(DEBUG, () -> "ended before it was attached: " + tunnel);
        } catch (IOException e) {
            LOG.log(DEBUG, "a handshake was not completed", e);
        }
        connection.close();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
