package io.loomtunnel.serve;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http1.Http1Server;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Continued;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.TlsDuplex;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Serves HTTP/1.1 and HTTP/2 on connections that somebody accepted, telling them apart by ALPN or by their first
/// bytes.
///
/// [#drain] asks every connection to end when its requests have: HTTP/1.1 answers `Connection: close`, HTTP/2 sends
/// GOAWAY. Those that are accepted afterwards are served as well, and asked at once: a balancer goes on sending for a
/// while.
public final class HttpServing {
    private static final Duration FAREWELL = Duration.ofSeconds(2);     // for TLS's end to be sent
    private static final Duration FIRST_WORDS = Duration.ofSeconds(1);  // for a request that may be on its way when we drain

    private final ServeConfig config;
    private final ExchangeHandler handler;
    private final Taker taker;                          // null when HTTP/2 is served like HTTP/1.1
    private final Set<Open> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /// @param config  limits and time-outs of every connection
    /// @param handler answers every request
    public HttpServing(ServeConfig config, ExchangeHandler handler) {
        this(config, handler, null);
    }

    /// @param config  limits and time-outs of every connection
    /// @param handler answers every request by HTTP/1.1
    /// @param taker   gets the connections that begin with HTTP/2's preface; null to serve their requests, too
    public HttpServing(ServeConfig config, ExchangeHandler handler, Taker taker) {
        this.config = config;
        this.handler = handler;
        this.taker = taker;
    }

    /// Serves a connection of a port where TLS may be, on the calling thread; the handshake may take as long as a head.
    ///
    /// Which certificate is presented is the context's choice. Which requests are taken does not depend on it: they go
    /// by their authority alone, so none is misdirected here (RFC 9110 §7.4), whatever name the handshake was for.
    /// @param connection taken over: closed at the return
    /// @param port       says what is spoken
    /// @param source     where the peer comes from
    /// @throws IOException the handshake or the connection failed, or its peer broke the protocol
    public void serve(SocketDuplex connection, TlsPort port, InetSocketAddress source) throws IOException {
        serve(connection, port, source, handler);
    }

    /// The same for one connection whose requests another handler answers.
    public void serve(SocketDuplex connection, TlsPort port, InetSocketAddress source, ExchangeHandler handler) throws IOException {
        var in = ByteReader.guarded(connection.in(), MemoryBudget.PROCESS);
        switch (opened(connection, in, port, source)) {
            case null -> in.release();
            case TlsDuplex tls -> {
                try {
                    serve(tls, new Peer(source, "https", tls.peerCertificate()), handler);
                } finally {
                    tls.awaitEnd(Deadline.after(FAREWELL));
                }
            }
            case Duplex clear -> serve(clear, in, new Peer(source, "http"), handler);
        }
    }

    private Duplex opened(SocketDuplex connection, ByteReader in, TlsPort port, InetSocketAddress source) throws IOException {
        var open = new Open();
        try {
            // A connection that came while we drain may still bring a request.
            if (!draining) open.drain = () -> open.endSoon(connection);
            connections.add(open);
            return TlsOpening.read(connection, in, port, config.headTimeout(), open::heard);
        } catch (IOException e) {
            in.release();
            port.onRefusal().accept(source, e);
            throw e;
        } finally {
            connections.remove(open);
        }
    }

    /// Serves a connection until it is over, on the calling thread.
    /// @param connection taken over: closed at the return
    /// @param peer       who is at its other end
    /// @throws IOException the connection failed, or its peer broke the protocol
    public void serve(Duplex connection, Peer peer) throws IOException {
        serve(connection, peer, handler);
    }

    /// The same for one connection whose requests another handler answers.
    public void serve(Duplex connection, Peer peer, ExchangeHandler handler) throws IOException {
        serve(connection, ByteReader.guarded(connection.in(), MemoryBudget.PROCESS), peer, handler);
    }

    /// @param in reads the connection, and may hold its first bytes
    private void serve(Duplex connection, ByteReader in, Peer peer, ExchangeHandler handler) throws IOException {
        var open = new Open();
        try (connection) {
            // Before its first byte a connection is idle; one that came while we drain may still bring a request.
            if (!draining && in.available() == 0) open.drain = () -> open.endSoon(connection);
            connections.add(open);
            var opening = opening(connection, in);
            open.heard();
            switch (opening) {
                case NOTHING -> {}
                case HTTP_1 -> http1(connection, in, peer, handler, open);
                case HTTP_2 -> {
                    if (taker == null) http2(connection, in, peer, handler, open);
                    else hand(connection, in, peer, open);
                }
            }
        } finally {
            connections.remove(open);
            in.release();
        }
    }

    /// What the peer speaks: what ALPN agreed on (RFC 9113 §3.2), or what the first bytes say.
    private Opening opening(Duplex connection, ByteReader in) throws IOException {
        var agreed = connection instanceof TlsDuplex tls ? tls.applicationProtocol() : "";
        if (agreed.equals("h2")) return Opening.HTTP_2;
        var opening = Opening.read(connection, in, draining ? config.headTimeout() : config.idleTimeout(), config.headTimeout());
        return opening == Opening.HTTP_2 && agreed.equals("http/1.1") ? Opening.HTTP_1 : opening;
    }

    /// Asks every connection to end, those that will be accepted included. Returns at once.
    public void drain() {
        draining = true;
        for (var open : connections) open.drain.run();
    }

    /// The connections that are being served.
    public int connections() {
        return connections.size();
    }

    private void http1(Duplex connection, ByteReader in, Peer peer, ExchangeHandler handler, Open open) throws IOException {
        var server = new Http1Server(connection, in, config.http1(), peer);
        open.drainBy(server::drain);
        server.serve(handler);
    }

    private void hand(Duplex connection, ByteReader in, Peer peer, Open open) throws IOException {
        connection.readTimeout(Duration.ZERO);
        open.drain = () -> { };
        taker.serve(new Continued(connection, in), peer);
    }

    private void http2(Duplex connection, ByteReader in, Peer peer, ExchangeHandler handler, Open open) throws IOException {
        connection.readTimeout(Duration.ZERO);
        boolean late = draining;        // its first request is served, whatever its peer makes of an early GOAWAY
        var requests = new Http2Idle(handler, late ? config.headTimeout() : config.idleTimeout(), late);
        var server = Http2Connection.server(connection, in, config.http2(), peer, requests);
        if (!late) open.drainBy(() -> Thread.ofVirtual().start(() -> drain(server)));
        requests.watch(server);
        try (requests) {
            server.run();
        }
    }

    /// GOAWAY must not come before our SETTINGS, which are the answer to the peer's preface (RFC 9113 §3.4).
    private void drain(Http2Connection server) {
        try {
            if (server.awaitSettings(Deadline.after(config.headTimeout()))) server.drain();
        } catch (IOException _) {
            server.close();
        }
    }

    /// Ends a connection that brought nothing.
    private static void end(Duplex connection) {
        try {
            connection.close();
        } catch (IOException _) {
            // as good as closed
        }
    }

    /// How a connection is asked to end.
    private final class Open {
        private volatile Runnable drain = () -> {};
        private volatile Watchdog.Limit limit;          // null unless we drain and nothing was heard
        private volatile boolean heard;

        /// Ends a connection that has brought nothing, unless it does so within a moment.
        void endSoon(Duplex connection) {
            limit = Watchdog.PROCESS.limit(FIRST_WORDS, () -> Thread.ofVirtual().start(() -> end(connection)));
            if (heard) limit.close();
        }

        /// The first byte is here.
        void heard() {
            drain = () -> {};
            heard = true;
            if (limit != null) limit.close();
        }

        /// Whoever drains says so before looking at the connections: either it finds this action, or we find that it
        /// drains.
        void drainBy(Runnable drain) {
            this.drain = drain;
            if (draining) drain.run();
        }
    }
}
