package io.loomtunnel.net;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Opens connections. A name is resolved each time, and its addresses are tried one after the other, each with an equal
/// share of the time that is left.
public final class Dialer {
    /// A dialer whose connections are watched by the watchdog of the process.
    public static final Dialer DEFAULT = new Dialer(Watchdog.PROCESS);

    private final Watchdog watchdog;

    /// @param watchdog resets connections whose writes hang
    public Dialer(Watchdog watchdog) {
        this.watchdog = watchdog;
    }

    /// Opens a connection.
    /// @param host    a name, or an address without brackets
    /// @param port    1 to 65535
    /// @param timeout for all of it, the name's resolution included
    /// @return owned by the caller
    /// @throws UnknownHostException the name has no address
    /// @throws SocketTimeoutException nobody answered in time
    /// @throws ConnectException every address refused; like the others, its message is one line with host and cause
    public SocketDuplex connect(String host, int port, Duration timeout) throws IOException {
        var deadline = Deadline.after(timeout);
        var addresses = resolve(host, deadline);
        IOException failure = null;
        for (int i = 0; i < addresses.length && (i == 0 || !deadline.passed()); i++) {
            try {
                var share = deadline.left().dividedBy(addresses.length - i);
                return new SocketDuplex(connect(new InetSocketAddress(addresses[i], port), share), watchdog);
            } catch (IOException e) {
                if (failure != null) e.addSuppressed(failure);
                failure = e;
            }
        }
        throw describe(host, port, timeout, failure);
    }

    /// The addresses of a host, as things are now.
    /// @param host  a name, or an address without brackets
    /// @param limit for the resolver
    /// @return at least one, in the resolver's order
    /// @throws UnknownHostException the name has no address
    /// @throws SocketTimeoutException the resolver did not answer in time
    /// @throws ConnectException the thread was interrupted
    public static List<InetAddress> addresses(String host, Duration limit) throws IOException {
        return List.of(resolve(host, Deadline.after(limit)));
    }

    private static Socket connect(InetSocketAddress address, Duration limit) throws IOException {
        var socket = new Socket();
        try {
            KeepAlive.times(socket);
            socket.connect(address, Math.max(1, SocketDuplex.millis(limit)));
            // On loopback a closed port may be the very one that the kernel gave us: TCP then connects us to ourselves.
            if (socket.getLocalSocketAddress().equals(address)) throw new ConnectException("Connection refused");
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// The resolver of the system knows no time-out: it runs on a thread of its own, and is left behind when it is late.
    private static InetAddress[] resolve(String host, Deadline deadline) throws IOException {
        try {
            return new InetAddress[] {InetAddress.ofLiteral(host)};
        } catch (IllegalArgumentException _) {
            // a name
        }
        var answer = new FutureTask<>(() -> InetAddress.getAllByName(host));
        Thread.ofVirtual().name("loomtunnel-resolve").start(answer);
        try {
            return answer.get(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException _) {
            throw new UnknownHostException("unknown host " + host);
        } catch (TimeoutException _) {
            throw new SocketTimeoutException("cannot resolve " + host + " in time");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new ConnectException("interrupted while resolving " + host);
        }
    }

    private static IOException describe(String host, int port, Duration timeout, IOException cause) {
        var target = "cannot connect to " + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        var failure = cause instanceof SocketTimeoutException
                ? new SocketTimeoutException(target + " within " + timeout.toMillis() + " ms")
                : new ConnectException(target + ": " + cause.getMessage());
        failure.initCause(cause);
        return failure;
    }
}
