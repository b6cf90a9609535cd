package io.loomtunnel.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http1.Http1Client;
import io.loomtunnel.http1.Http1Config;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Dialer;
import io.loomtunnel.net.SocketDuplex;
import io.loomtunnel.net.Socks5;
import io.loomtunnel.net.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;

/// Opens a connection to a server through a proxy of the client's network. Every failure is one line for the person who runs the client; none
/// holds the proxy's password.
final class ProxyDialer {
    /// RFC 9110 §15.5.8; stands for SOCKS's refusals of a user as well.
    static final int UNAUTHENTICATED = 407;

    private final ForwardProxy proxy;
    private final String target;

    private ProxyDialer(ForwardProxy proxy, String target) {
        this.proxy = proxy;
        this.target = target;
    }

    /// Opens a connection to a server.
    /// @param proxy on the way
    /// @param host  the server's name, which the proxy resolves, or its address without brackets
    /// @param port  of the server
    /// @param limit for all of it
    /// @return owned by the caller; its next byte is the server's first
    /// @throws RefusedException (407) the proxy will not have this user
    /// @throws IOException the proxy cannot be reached, or cannot or will not connect
    static SocketDuplex connect(ForwardProxy proxy, String host, int port, Duration limit) throws IOException {
        return new ProxyDialer(proxy, (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port).connect(host, port, Deadline.after(limit), limit);
    }

    private SocketDuplex connect(String host, int port, Deadline deadline, Duration limit) throws IOException {
        SocketDuplex socket;
        try {
            socket = Dialer.DEFAULT.connect(proxy.host(), proxy.port(), limit);
        } catch (IOException e) {
            throw failed("no proxy at " + proxy + ": " + e.getMessage(), e);
        }
        var time = Watchdog.PROCESS.limit(deadline.left(), socket::reset);
        try (time) {
            switch (proxy.kind()) {
                case HTTP -> http(socket, deadline);
                case SOCKS5 -> Socks5.connect(socket, host, port, proxy.user().getBytes(UTF_8), proxy.password().getBytes(UTF_8));
            }
            return socket;
        } catch (RefusedException e) {
            socket.close();
            throw e;
        } catch (Socks5.DeniedException e) {
            socket.close();
            throw denied(e.getMessage(), e);
        } catch (IOException e) {
            socket.close();
            if (time.passed() || e instanceof SocketTimeoutException) {
                var late = "the proxy " + proxy + " did not connect to " + target + " within " + limit.toMillis() + " ms";
                throw (SocketTimeoutException) new SocketTimeoutException(late).initCause(e);
            }
            throw failed("the proxy " + proxy + " did not connect to " + target + ": " + e.getMessage(), e);
        }
    }

    private void http(SocketDuplex socket, Deadline deadline) throws IOException {
        var in = new ByteReader(socket.in(), MemoryBudget.PROCESS);
        try {
            var fields = new Fields();
            if (!proxy.user().isEmpty()) {
                var credentials = (proxy.user() + ":" + proxy.password()).getBytes(UTF_8);
                fields.add("proxy-authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
            }
            var transaction = new Http1Client(socket, in, Http1Config.ORIGIN).send(new RequestHead("CONNECT", "", target, "", fields));
            transaction.content().end();
            var head = transaction.response(deadline);
            while (head.interim()) head = transaction.response(deadline);
            if (!transaction.switched()) throw refusal(head);
            if (in.available() > 0) throw new ProtocolException("it sent something before the server was asked");
        } catch (EOFException _) {
            throw new EOFException("it closed the connection; is it a proxy for HTTP?");
        } catch (MalformedMessageException | ProtocolException e) {
            throw new ProtocolException("it does not speak HTTP as a proxy does: " + e.getMessage());
        } finally {
            in.release();
        }
    }

    private IOException refusal(ResponseHead head) {
        int status = head.status();
        if (status == UNAUTHENTICATED) return unauthenticated(head.fields().joined("proxy-authenticate"));
        return new IOException(status + ", " + switch (status) {
            case 403 -> "it forbids this server or port; most proxies let port 443 pass: let the server share it with --bind and --https";
            case 405, 501 -> "it knows no CONNECT";
            case 400, 404 -> "it is no proxy, or does not know the server's name";
            case 502, 503, 504 -> "it cannot reach the server; are name and port right?";
            default -> head.fields().has("location") ? "it wants to be visited with a browser first" : "which no tunnel passes";
        });
    }

    private RefusedException unauthenticated(String challenges) {
        if (challenges != null && !challenges.toLowerCase(Locale.ROOT).contains("basic")) {
            return denied("it wants a log-in other than user and password; a local proxy that knows it (cntlm, px) can stand in between", null);
        }
        return denied(proxy.user().isEmpty() ? "it wants a user and a password" : "it does not accept this user and password", null);
    }

    private RefusedException denied(String reason, IOException cause) {
        var hint = reason.endsWith("a password") ? ": write them into its URL, " + proxy.toString().replace("://", "://USER:PASSWORD@") : "";
        var refusal = new RefusedException(UNAUTHENTICATED, "the proxy " + proxy + ": " + reason + hint, Duration.ZERO);
        if (cause != null) refusal.initCause(cause);
        return refusal;
    }

    private static ConnectException failed(String line, IOException cause) {
        return (ConnectException) new ConnectException(line).initCause(cause);
    }
}
