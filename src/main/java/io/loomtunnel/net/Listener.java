package io.loomtunnel.net;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/// Accepts connections on one address and serves each on a virtual thread of its own, so many at a time as there are permits;
/// the rest waits in the kernel's backlog.
///
/// A connection belongs to its thread, which closes it and gives the permit back whatever the handler did. All permits
/// back means that nobody is served any more.
public final class Listener implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Listener.class.getName());
    private static final Duration KNOCK = Duration.ofSeconds(1);            // who stops an accept has got through by then
    private static final Duration EMPTY = Duration.ofMillis(1);             // the shortest wait: nothing more is in the queue
    private static final Duration AFTER_FAILURE = Duration.ofMillis(100);   // descriptors come back when others end
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);       // for handlers whose connection was reset

    private final ServerSocket socket;
    private final ListenerConfig config;
    private final ConnectionHandler handler;
    private final Semaphore permits;
    private final Set<SocketDuplex> live = ConcurrentHashMap.newKeySet();
    private final ThreadFactory threads;
    private final Thread acceptor;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean emptying;          // accepts what is in the queue, and then no more
    private volatile SocketAddress knocker;     // whose connection only says that
    private volatile long accepted;             // only the acceptor counts, here and in the next one
    private volatile long waits;
    private boolean failing;                    // the acceptor's: the failure was logged

    private Listener(ServerSocket socket, ListenerConfig config, ConnectionHandler handler) {
        this.socket = socket;
        this.config = config;
        this.handler = handler;
        permits = new Semaphore(config.maxConnections());
        threads = Thread.ofVirtual().name("loomtunnel-" + config.name() + "-", 1).factory();
        acceptor = Thread.ofPlatform().daemon().name("loomtunnel-accept-" + config.name()).unstarted(this::acceptAll);
    }

    /// Binds an address and begins to accept.
    /// @param address where to listen; port 0 takes a free one; a wildcard address listens by IPv4 and IPv6
    /// @param config  name and limits
    /// @param handler serves each connection
    /// @return to be closed
    /// @throws BindException saying in one line which address cannot be bound, and why
    /// @throws UnknownHostException the address was not resolved
    public static Listener start(InetSocketAddress address, ListenerConfig config, ConnectionHandler handler)
            throws IOException {
        var listener = bound(address, config, handler);
        listener.begin();
        return listener;
    }

    /// Binds an address as [#start] does, and accepts only from [#begin] on: for a handler that needs the listener.
    public static Listener bound(InetSocketAddress address, ListenerConfig config, ConnectionHandler handler) throws IOException {
        return new Listener(bind(address, config.backlog()), config, handler);
    }

    /// Begins to accept.
    /// @throws IllegalThreadStateException it has begun
    public void begin() {
        acceptor.start();
    }

    private static ServerSocket bind(InetSocketAddress address, int backlog) throws IOException {
        if (address.isUnresolved()) throw new UnknownHostException("cannot listen on " + text(address) + ": unknown host");
        var socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);       // a restarted server gets its port while old connections linger
            KeepAlive.times(socket);
            socket.bind(address, backlog);
            return socket;
        } catch (IOException e) {
            socket.close();
            var failure = new BindException("cannot listen on " + text(address) + ": " + e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }

    private static String text(InetSocketAddress address) {
        var host = address.getAddress() == null ? address.getHostString() : address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    /// Where this listener is bound, with the port that was taken.
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /// The connections that are served now.
    public int connections() {
        return live.size();
    }

    /// The connections accepted so far.
    public long accepted() {
        return accepted;
    }

    /// How often all permits were taken, so that connections had to wait in the backlog.
    public long waits() {
        return waits;
    }

    /// Accepts what waits in the queue already, then closes the listening socket. Connections being served go on.
    /// @param deadline at which the queue is given up if connections keep coming or there is no permit for them
    public void stopAccepting(Deadline deadline) {
        emptying = true;
        try (var visitor = new Socket()) {
            knock(visitor);
            join(deadline);
        } catch (IOException e) {
            LOG.log(DEBUG, "nobody can knock here: what is in the queue is reset", e);
        }
        closeSocket();
    }

    /// Wakes the accept. `java.net` does so only by closing the socket, and that resets the connections that wait in the queue; so
    /// one of our own comes behind them.
    private void knock(Socket visitor) throws IOException {
        var address = localAddress().getAddress();
        if (address.isAnyLocalAddress()) address = InetAddress.getLoopbackAddress();
        visitor.bind(new InetSocketAddress(address, 0));
        knocker = visitor.getLocalSocketAddress();
        visitor.connect(new InetSocketAddress(address, localAddress().getPort()), SocketDuplex.millis(KNOCK));
    }

    /// Stops accepting as [#stopAccepting], waits for the connections being served, and resets those left.
    /// @param grace when waiting ends
    /// @return true when nothing had to be reset
    public boolean stop(Deadline grace) {
        stopAccepting(grace);
        boolean inOrder = idle(grace);
        close();
        return inOrder;
    }

    /// Stops accepting and resets every connection, at once; then waits a moment for their threads. Does nothing the second
    /// time.
    @Override public void close() {
        closeSocket();
        live.forEach(SocketDuplex::reset);
        var deadline = Deadline.after(LAST_WORDS);
        join(deadline);
        if (!idle(deadline)) LOG.log(WARNING, config.name() + ": " + live.size() + " handlers outlive their connections");
    }

    private void closeSocket() {
        closing.countDown();
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(DEBUG, "closing a listener", e);
        }
        acceptor.interrupt();       // it may be waiting for a permit
    }

    private void join(Deadline deadline) {
        try {
            acceptor.join(deadline.left());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean idle(Deadline deadline) {
        try {
            if (!permits.tryAcquire(config.maxConnections(), deadline.left().toNanos(), TimeUnit.NANOSECONDS)) return false;
            permits.release(config.maxConnections());
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void acceptAll() {
        // A first log entry reads the file of time zones. With no descriptor left that fails, and then for good.
        ZoneId.systemDefault();
        try {
            while (true) {
                takePermit();
                boolean served = false;
                try {
                    served = acceptOne();
                } catch (SocketTimeoutException _) {
                    if (emptying) return;
                } catch (IOException | RuntimeException | Error e) {
                    if (socket.isClosed()) return;
                    waitAfter(e);
                } finally {
                    if (!served) permits.release();
                }
            }
        } catch (InterruptedException _) {
            // closed while waiting
        }
    }

    private void takePermit() throws InterruptedException {
        if (permits.tryAcquire()) return;
        waits++;
        permits.acquire();
    }

    private boolean acceptOne() throws IOException {
        var plain = socket.accept();
        failing = false;
        if (plain.getRemoteSocketAddress() != null && plain.getRemoteSocketAddress().equals(knocker)) {
            plain.close();
            socket.setSoTimeout(SocketDuplex.millis(EMPTY));
            return false;
        }
        accepted++;
        SocketDuplex connection;
        try {
            connection = new SocketDuplex(plain, config.watchdog());
        } catch (IOException e) {
            LOG.log(DEBUG, "a connection was gone before it was served", e);
            return false;
        }
        live.add(connection);
        try {
            threads.newThread(() -> serve(connection)).start();
        } catch (RuntimeException | Error e) {
            forget(connection);
            throw e;
        }
        // Whoever closes does so before looking at `live`: either it finds this connection, or we find that it closed.
        if (closing.getCount() == 0) connection.reset();
        return true;
    }

    private void serve(SocketDuplex connection) {
        try {
            handler.handle(connection);
        } catch (IOException e) {
            LOG.log(DEBUG, () -> config.name() + ": " + connection + ": " + e);
        } catch (RuntimeException | Error e) {
            LOG.log(WARNING, config.name() + ": " + connection, e);
        } finally {
            connection.close();
            letGo(connection);
        }
    }

    /// Lets a connection go that has become something else: its place is free, and [#stop] and [#close] leave it to whoever it
    /// belongs to now. Its handler goes on; the connection is closed when that returns.
    /// @param connection whose handler calls this
    public void letGo(SocketDuplex connection) {
        if (live.remove(connection)) permits.release();
    }

    private void forget(SocketDuplex connection) {
        connection.close();
        live.remove(connection);
    }

    /// Out of descriptors or of memory, most likely: what is served now will give some back.
    private void waitAfter(Throwable failure) throws InterruptedException {
        try {
            if (!failing) LOG.log(WARNING, config.name() + ": cannot accept, trying again", failure);
            failing = true;
        } catch (RuntimeException | Error _) {
            // out of what the log needs, too
        }
        closing.await(AFTER_FAILURE.toNanos(), TimeUnit.NANOSECONDS);
    }
}
