package io.loomtunnel.tunnel;

import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The server's end of HAProxy's reverse HTTP (`bind rhttp@`, since 2.9): a connection that begins with HTTP/2's preface becomes a tunnel once
/// both sides have acknowledged SETTINGS. Who dialled, and what for, [RhttpClients] says.
public final class RhttpAcceptor {
    private static final System.Logger LOG = System.getLogger(RhttpAcceptor.class.getName());
    private static final int MOST_WARNED = 1_000;               // addresses; HAProxy dials again each second

    private final TunnelRegistry tunnels;
    private final RhttpClients clients;
    private final PtthConfig config;
    private final Set<InetAddress> warned = ConcurrentHashMap.newKeySet();

    /// An acceptor for a control port.
    /// @param tunnels where those who attach are entered
    /// @param clients who may
    /// @param config  limits
    public RhttpAcceptor(TunnelRegistry tunnels, RhttpClients clients, PtthConfig config) {
        this.tunnels = tunnels;
        this.clients = clients;
        this.config = config;
    }

    /// Makes a tunnel of a connection, and serves it on the calling thread until it ends.
    /// @param connection whose preface is still unread; closed at the return
    /// @param peer       its far end
    /// @throws IOException the connection failed
    public void serve(Duplex connection, Peer peer) throws IOException {
        try (connection) {
            var deadline = Deadline.after(config.handshake());
            var known = clients.find(peer);
            if (known.isEmpty()) {
                warn(peer, "no route is known for it");
                return;
            }
            var claim = new Claim(new Grant(known.get().name()), ClientId.fresh(), List.copyOf(known.get().routes()), peer, "");
            try {
                tunnels.admit(claim);
            } catch (StatusException refusal) {
                warn(peer, refusal.getMessage());
                return;
            }
            try {
                var in = new ByteReader(connection.in(), MemoryBudget.PROCESS);
                var http2 = Http2Connection.turnedClient(connection, in, Http2Config.TUNNEL.withFirstStreamId(config.firstStreamId()), peer);
                new Reception(tunnels, config).serve(claim, http2, deadline);
            } finally {
                tunnels.giveUp(claim);
            }
        }
    }

    /// There is no way to tell the far end why, and it comes again and again: its administrator reads it here, once.
    private void warn(Peer peer, String reason) {
        var address = peer.address().getAddress();
        if (warned.size() < MOST_WARNED && warned.add(address)) {
            LOG.log(WARNING, "refused reverse HTTP from " + address.getHostAddress() + ": " + reason);
        }
    }
}
