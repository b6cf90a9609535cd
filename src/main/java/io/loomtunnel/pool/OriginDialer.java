package io.loomtunnel.pool;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.HttpConnection;
import io.loomtunnel.http.Peer;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.http2.Http2Config;
import io.loomtunnel.http2.Http2Connection;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.TlsDuplex;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.NoSuchAlgorithmException;
import javax.net.ssl.SSLContext;

/// Opens connections to origins, and tells in a visitor's words why one could not be opened.
final class OriginDialer {
    private static final Logger log = System.getLogger(OriginDialer.class.getName());
    private static final String HTTP_1 = "http/1.1";
    private static final String HTTP_2 = "h2";

    private final PoolConfig config;

    OriginDialer(PoolConfig config) {
        this.config = config;
    }

    /// Opens a connection. One that speaks HTTP/2 has received the origin's SETTINGS and reads on a thread of its own.
    /// @param multiplexed false for HTTP/1.1 where the origin has both
    /// @return [Http1Client] or [Http2Connection]
    /// @throws GatewayException it could not be opened (502)
    HttpConnection dial(Origin origin, boolean multiplexed) throws GatewayException {
        var deadline = Deadline.after(config.connectTimeout());
        var socket = connect(origin);
        return switch (origin.scheme()) {
            case HTTP -> http1(socket);
            case H2C -> http2(origin, socket, socket, deadline);
            case HTTPS -> {
                var tls = tls(origin, socket, deadline, multiplexed && config.preferH2() ? new String[] {HTTP_2, HTTP_1} : new String[] {HTTP_1});
                yield tls.applicationProtocol().equals(HTTP_2) ? http2(origin, socket, tls, deadline) : http1(tls);
            }
        };
    }

    private SocketDuplex connect(Origin origin) throws GatewayException {
        try {
            return Dialer.DEFAULT.connect(origin.host(), origin.port(), config.connectTimeout());
        } catch (UnknownHostException e) {
            throw new GatewayException(502, "dns_error", "The service's name " + origin.host() + " is not known here.", e);
        } catch (SocketTimeoutException e) {
            throw new GatewayException(502, "connection_timeout", "The service at " + origin.authority() + " did not take a connection in time.", e);
        } catch (ConnectException e) {
            throw new GatewayException(502, "connection_refused",
                    "The service at " + origin.authority() + " refused the connection: most likely it is not running.", e);
        } catch (IOException e) {
            throw new GatewayException(502, "destination_unavailable", "No connection to the service at " + origin.authority() + ": " + e.getMessage() + ".", e);
        }
    }

    private TlsDuplex tls(Origin origin, SocketDuplex socket, Deadline deadline, String[] protocols) throws GatewayException {
        try {
            // One context for all connections of a pool: it keeps the sessions that later handshakes resume.
            var context = config.tls() != null ? config.tls() : SSLContext.getDefault();
            return TlsDuplex.connect(socket, context, origin.host(), origin.port(), deadline.left().plusNanos(1), protocols);
        } catch (IOException e) {
            throw TlsFailure.explain(origin, e);
        } catch (NoSuchAlgorithmException e) {
            socket.close();
            throw new GatewayException(502, "proxy_internal_error", "This client has no TLS: " + e.getMessage() + ".", e);
        }
    }

    private static Http1Client http1(Duplex duplex) {
        return new Http1Client(duplex, new ByteReader(duplex.in(), MemoryBudget.PROCESS), Http1Config.ORIGIN);
    }

    /// Only its SETTINGS tell that an origin speaks HTTP/2 at all, and how many requests at once.
    private static Http2Connection http2(Origin origin, SocketDuplex socket, Duplex duplex, Deadline deadline) throws GatewayException {
        var peer = new Peer(socket.remoteAddress(), origin.requestScheme());
        var connection = Http2Connection.client(duplex, new ByteReader(duplex.in(), MemoryBudget.PROCESS), Http2Config.ORIGIN, peer);
        Thread.ofVirtual().name("loomtunnel-origin").start(() -> read(origin, connection));
        try {
            if (connection.awaitSettings(deadline)) return connection;
        } catch (IOException e) {
            connection.close();
            throw new GatewayException(502, "connection_timeout", "The service at " + origin.authority() + " did not answer as an HTTP/2 server in time.", e);
        }
        throw new GatewayException(502, "http_protocol_error", "The service at " + origin.authority() + " does not speak HTTP/2"
                + (origin.secure() ? " although it agreed to." : " in clear: its target must be http:// or https://."), null);
    }

    private static void read(Origin origin, Http2Connection connection) {
        try {
            connection.run();
        } catch (IOException e) {
            log.log(Level.DEBUG, () -> "the connection to " + origin.authority() + " ended", e);
        }
    }
}
