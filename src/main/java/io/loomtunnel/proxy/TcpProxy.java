package io.loomtunnel.proxy;

import io.loomtunnel.http.Exchange;
import io.loomtunnel.http.ExchangeHandler;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.GatewayException;
import io.loomtunnel.http.StatusException;
import io.loomtunnel.io.Pump;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.Watchdog;
import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.TcpConnect;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// The private side for TCP services: carries each stream of a tunnel that is a visitor's connection to the origin of its service.
///
/// The server chooses among the names that this client has registered, and nothing else: it cannot make the client dial.
public final class TcpProxy implements ExchangeHandler {
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final Map<Route.Tcp, TcpOrigin> origins;
    private final Duration connectTimeout;

    /// A proxy for some services.
    /// @param origins        by the service
    /// @param connectTimeout for reaching one, resolving its name included
    public TcpProxy(Map<Route.Tcp, TcpOrigin> origins, Duration connectTimeout) {
        this.origins = Map.copyOf(origins);
        this.connectTimeout = connectTimeout;
    }

    /// Dials the origin and carries the connection until both directions have ended. What the visitor sends meanwhile waits in the
    /// stream.
    /// @param exchange one stream of a tunnel, a CONNECT
    /// @throws StatusException nothing was answered yet: 404, no such service; 502 or 504, the origin cannot be reached
    /// @throws IOException the connection broke
    @Override public void handle(Exchange exchange) throws IOException {
        var connect = TcpConnect.parse(exchange.request());
        var origin = origins.get(connect.route());
        if (origin == null) throw new StatusException(404, "This client serves no such TCP service.");
        try (var connection = dial(exchange, origin)) {
            // What a visitor said before leaving is passed on, unless the origin does not take it.
            exchange.onCancel(() -> Watchdog.PROCESS.limit(LAST_WORDS, connection::reset));
            connection.waitForPeer();
            var header = origin.header().of(connect);
            if (header.length > 0) connection.out().write(header);
            Pump.relay(exchange.upgrade(new Fields()), connection);
        }
    }

    private SocketDuplex dial(Exchange exchange, TcpOrigin origin) throws IOException {
        var dial = new Dial();
        exchange.onCancel(dial::cancel);
        try {
            return Dialer.DEFAULT.connect(origin.host(), origin.port(), connectTimeout);
        } catch (SocketTimeoutException e) {
            throw new GatewayException(504, "connection_timeout", "The service did not answer in time.", e);
        } catch (UnknownHostException e) {
            throw new GatewayException(502, "dns_error", "The service has no address.", e);
        } catch (IOException e) {
            throw new GatewayException(502, "connection_refused", "The service cannot be reached.", e);
        } finally {
            dial.over();
        }
    }

    /// The dialling thread, which an interrupt wakes while it dials and must not reach later. `lock` guards `dialling`.
    private static final class Dial {
        private final ReentrantLock lock = new ReentrantLock();
        private final Thread thread = Thread.currentThread();
        private boolean dialling = true;

        void cancel() {
            lock.lock();
            try {
                if (dialling) thread.interrupt();
            } finally {
                lock.unlock();
            }
        }

        void over() {
            lock.lock();
            try {
                dialling = false;
            } finally {
                lock.unlock();
            }
            Thread.interrupted();
        }
    }
}
