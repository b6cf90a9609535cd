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
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.SocketDuplex;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;

/// Opens connections to origins, and tells in a visitor's words why one could not be opened.
final class OriginDialer {
    private static final Logger log = System.getLogger(OriginDialer.class.getName());

    private final Duration limit;

    /// @param limit of all that it takes until a request can be sent
    OriginDialer(Duration limit) {
        this.limit = limit;
    }

    /// Opens a connection. One that speaks HTTP/2 has received the origin's SETTINGS and reads on a thread of its own.
    /// @return [Http1Client] or [Http2Connection]
    /// @throws GatewayException it could not be opened (502)
    HttpConnection dial(Origin origin) throws GatewayException {
        var deadline = Deadline.after(limit);
        var socket = connect(origin);
        return switch (origin.scheme()) {
            case HTTP -> new Http1Client(socket, new ByteReader(socket.in(), MemoryBudget.PROCESS), Http1Config.ORIGIN);
            case H2C -> http2(origin, socket, deadline);
            case HTTPS -> throw new GatewayException(502, "destination_unavailable", "TLS origins cannot be reached yet.", null);
        };
    }

    private SocketDuplex connect(Origin origin) throws GatewayException {
        try {
            return Dialer.DEFAULT.connect(origin.host(), origin.port(), limit);
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

    /// Only its SETTINGS tell that an origin speaks HTTP/2 at all, and how many requests at once.
    private Http2Connection http2(Origin origin, SocketDuplex socket, Deadline deadline) throws GatewayException {
        var peer = new Peer(socket.remoteAddress(), origin.requestScheme());
        var connection = Http2Connection.client(socket, new ByteReader(socket.in(), MemoryBudget.PROCESS), Http2Config.ORIGIN, peer);
        Thread.ofVirtual().name("loomtunnel-origin").start(() -> read(origin, connection));
        try {
            if (connection.awaitSettings(deadline)) return connection;
        } catch (IOException e) {
            connection.close();
            throw new GatewayException(502, "connection_timeout", "The service at " + origin.authority() + " did not answer as an HTTP/2 server in time.", e);
        }
        throw new GatewayException(502, "http_protocol_error", "The service at " + origin.authority() + " does not speak HTTP/2"
                + (origin.secure() ? "." : " in clear: its target must be http:// or https://."), null);
    }

    private static void read(Origin origin, Http2Connection connection) {
        try {
            connection.run();
        } catch (IOException e) {
            log.log(Level.DEBUG, () -> "the connection to " + origin.authority() + " ended", e);
        }
    }
}
