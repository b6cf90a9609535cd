package io.loomtunnel.http1;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.ByteWriter;
import io.loomtunnel.http.Content;
import io.loomtunnel.http.ErrorPage;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// Serves one connection that we accepted (RFC 9112): request after request, on the calling thread.
public final class Http1Server {
    private static final Logger log = System.getLogger(Http1Server.class.getName());

    private final Duplex duplex;
    private final ByteReader in;
    private final Http1Config config;
    private final Peer peer;
    private final HeadReader heads;
    private final Presence presence;
    private final ByteWriter out = new ByteWriter(512);
    private volatile boolean draining;
    private volatile boolean idle;

    /// @param duplex stays the caller's to close
    public Http1Server(Duplex duplex, ByteReader in, Http1Config config, Peer peer) {
        this.duplex = duplex;
        this.in = in;
        this.config = config;
        this.peer = peer;
        heads = new HeadReader(duplex, in, config);
        presence = new Presence(in);
    }

    Peer peer() {
        return peer;
    }

    ByteReader in() {
        return in;
    }

    Presence presence() {
        return presence;
    }

    boolean draining() {
        return draining;
    }

    /// The connection ends with the exchange that it is at; at once when it waits for the next.
    public void drain() {
        draining = true;
        if (!idle) return;
        try {
            duplex.close();
        } catch (IOException e) {
            duplex.reset();
        }
    }

    /// Serves until the peer or the framing ends the connection. Everything was answered then that could be; the caller closes.
    public void serve(ExchangeHandler handler) throws IOException {
        presence.open();
        try {
            while (exchange(handler)) {
                // the next one
            }
        } finally {
            presence.close();
        }
    }

    /// @return whether the connection can take another request
    private boolean exchange(ExchangeHandler handler) throws IOException {
        if (!awaitRequest()) return false;
        HeadReader.Request request;
        try {
            request = heads.request(peer.scheme(), Deadline.after(config.headTimeout()));
        } catch (EOFException e) {
            log.log(Level.DEBUG, "the peer closed inside a head", e);
            return false;
        } catch (SocketTimeoutException e) {
            return refuse(new StatusException(408, "the request head did not arrive in time", e));
        } catch (StatusException e) {
            return refuse(e);
        } catch (ProtocolException e) {
            log.log(Level.DEBUG, "not a word of HTTP", e);
            return linger();
        }
        if (request == null) return false;
        var content = content(request);
        // What follows a CONNECT was meant for a tunnel: it must never be read as a request.
        boolean keepAlive = !draining && !request.head().method().equals("CONNECT")
                && !request.head().fields().lists("connection", "close")
                && (request.minor() == 1 || request.head().fields().lists("connection", "keep-alive"));
        var exchange = new Http1Exchange(this, request, content == null ? Content.NONE : content, duplex, out, keepAlive);
        if (content == null) {
            watch(exchange);
        } else {
            duplex.readTimeout(config.contentTimeout());
            content.atEnd(() -> watch(exchange));
        }
        boolean ours = true;
        try {
            run(handler, exchange);
        } finally {
            // Before anything else: a thread that the handler left behind must not pass the content's end any more.
            if (content != null) ours = content.reclaim(exchange.keepAlive() ? config.drainTimeout() : Duration.ZERO);
            if (content != null) content.atEnd(() -> { });
            presence.end();
        }
        if (exchange.upgraded()) return false;
        exchange.finish();
        if (!exchange.whole()) return false;
        if (!ours) {
            duplex.finish();
            return content.reclaim(config.drainTimeout()) && linger();
        }
        if (content != null && !content.ended()) {
            // The visitor is told to stop only by our close, and must be able to read the response before (RFC 9112 §9.6).
            if (!exchange.keepAlive() || !drained(content)) return linger();
        }
        if (exchange.keepAlive()) return true;
        return in.available() > 0 || in.availableAll() > 0 ? linger() : false;
    }

    /// The request has ended: whatever is read from now on tells whether the peer is still there.
    private void watch(Http1Exchange exchange) {
        try {
            duplex.readTimeout(Duration.ZERO);
            presence.begin(exchange::cancelled);
        } catch (IOException e) {
            exchange.cancelled();
        }
    }

    private void run(ExchangeHandler handler, Http1Exchange exchange) throws IOException {
        try {
            handler.handle(exchange);
            if (!exchange.responded()) ErrorPage.respond(exchange, new StatusException(500, "nobody answered the request"));
        } catch (StatusException e) {
            if (!exchange.responded()) ErrorPage.respond(exchange, e);
        } catch (IOException e) {
            log.log(Level.DEBUG, "exchange ended", e);
            exchange.cancelled();
            // A request that broke off in its content is nobody's to answer.
            boolean whole = !(exchange.content() instanceof Http1Content content) || content.ended();
            if (whole && !exchange.responded()) ErrorPage.respond(exchange, new StatusException(500, "the exchange failed", e));
        } catch (RuntimeException | Error bug) {
            log.log(Level.ERROR, "a handler failed", bug);
            if (!exchange.responded()) ErrorPage.respond(exchange, new StatusException(500, "an error of this server", bug));
        }
    }

    /// Waits for the first byte of the next request.
    private boolean awaitRequest() throws IOException {
        var deadline = Deadline.after(config.idleTimeout());
        // A watcher of the last exchange may be the one that waits for the next request: idle all the same.
        idle = true;
        try {
            if (draining && in.available() == 0 || !presence.await(deadline)) return false;
            if (in.available() > 0) return true;
            in.rest();
            duplex.readTimeout(deadline.left().isZero() ? Duration.ofMillis(1) : config.idleTimeout().isZero() ? Duration.ZERO : deadline.left());
            return in.fill();
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            if (draining) return false;
            throw e;
        } finally {
            idle = false;
        }
    }

    private Http1Content content(HeadReader.Request request) {
        if (request.length() == 0) return null;
        var framing = request.length() == Content.UNKNOWN ? Http1Content.Framing.CHUNKED : Http1Content.Framing.LENGTH;
        return new Http1Content(in, heads, framing, request.length());
    }

    /// Answers a request whose end is not known, so that it is the connection's last.
    private boolean refuse(StatusException error) throws IOException {
        var head = new RequestHead("GET", peer.scheme(), "", "/", new Fields());
        var exchange = new Http1Exchange(this, new HeadReader.Request(head, 0, 1), Content.NONE, duplex, out, false);
        ErrorPage.respond(exchange, error);
        exchange.finish();
        return linger();
    }

    /// Reads the rest of the content after an early response, as far as that is cheaper than a new connection.
    private boolean drained(Http1Content content) {
        var deadline = Deadline.after(config.drainTimeout());
        var waste = new byte[4096];
        try {
            for (long left = config.drainBytes(); left > 0 && !deadline.passed(); ) {
                duplex.readTimeout(deadline.left());
                int n = content.read(waste);
                if (n < 0) return true;
                left -= n;
            }
        } catch (IOException e) {
            log.log(Level.DEBUG, "the rest of the content did not come", e);
        }
        return content.ended();
    }

    /// Ends our direction and reads on for a while: closing with unread bytes would reset the connection and destroy the
    /// response on its way.
    private boolean linger() {
        try {
            duplex.finish();
            var deadline = Deadline.after(config.drainTimeout());
            if (!presence.await(deadline)) return false;         // a watcher of the exchange may still be reading
            for (long left = Math.max(1, config.drainBytes()); left > 0 && !deadline.passed(); ) {
                if (in.available() == 0) {
                    duplex.readTimeout(deadline.left());
                    if (!in.fill()) break;
                }
                left -= in.available();
                in.skip(in.available());
            }
        } catch (IOException e) {
            log.log(Level.DEBUG, "closed while lingering", e);
        }
        return false;
    }
}
