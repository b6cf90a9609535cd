package io.loomtunnel.net;

import io.loomtunnel.bytes.ByteReader;
import io.loomtunnel.bytes.MemoryBudget;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;

/// TLS 1.2 or 1.3 over a TCP connection. Nothing is held back: what one write contains becomes records of up to 16 KiB
/// at once, and one system call for every two of those.
///
/// JSSE never touches the socket: it reads from a [RecordInput] and appends to a [RecordQueue], for an `SSLSocket` on
/// a socket whose peer does not read would hold locks that its own reader needs. So [#reset] and the watchdog act on
/// the TCP connection alone, and [#close] waits for nobody.
///
/// An end of the peer that TLS did not announce (RFC 8446 §6.1) is an [EOFException]: only an announced one is the end
/// of the stream. By TLS 1.2 the peer's end is ours, too (RFC 5246 §7.2.1); by TLS 1.3 each direction ends for itself.
public final class TlsDuplex implements Duplex {
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};
    private static final Duration FAREWELL = Duration.ofSeconds(5);     // for close_notify to get into the kernel

    private final SocketDuplex plain;
    private final RecordQueue queue;
    private final RecordInput records;
    private final SSLSocket tls;
    private final In in = new In();
    private final Out out = new Out();
    /// Whoever is in JSSE: two threads that make new keys at the same time, one because of the peer's key update and
    /// one of its own, both derive them from the old ones, and the peer from the new. Not held while a thread waits
    /// for the socket.
    private final ReentrantLock jsse = new ReentrantLock();
    private final CountDownLatch ended = new CountDownLatch(1);     // the TCP connection is closed
    private final ReentrantLock lock = new ReentrantLock();         // guards the next two
    private boolean closed;
    private boolean reading;
    private InputStream source;
    private OutputStream sink;
    private String applicationProtocol;

    private TlsDuplex(SocketDuplex plain, ByteReader in, boolean guarded, Layering layering) throws IOException {
        this.plain = plain;
        queue = new RecordQueue(plain);
        records = new RecordInput(in, queue, jsse, guarded);
        tls = layering.over(new RecordSocket(plain, records, queue));
    }

    @FunctionalInterface
    private interface Layering {
        SSLSocket over(RecordSocket socket) throws IOException;
    }

    // ---- handshakes --------------------------------------------------------------------------------------------

    /// The server's end, once the handshake is over. Cipher suites are those that HTTP/2 allows (RFC 9113 §9.2.2):
    /// with forward secrecy and authenticated encryption.
    /// @param plain   taken over: closed when the handshake fails
    /// @param context has the certificates
    /// @param limit   for the whole handshake
    /// @param alpn    the protocols that we speak, the best first (RFC 7301); a peer that names only others is refused
    /// @throws SocketTimeoutException the limit has passed
    /// @throws IOException the handshake failed; the peer was told why
    public static TlsDuplex accept(SocketDuplex plain, SSLContext context, Duration limit, String... alpn)
            throws IOException {
        return accept(plain, new ByteReader(plain.in(), MemoryBudget.PROCESS), context, false, limit, alpn);
    }

    /// The same for a connection that was read from already.
    /// @param in            reads `plain`, and holds what of TLS was read; not used by anybody else from now on
    /// @param authenticated whether the peer must present a certificate that the context trusts
    public static TlsDuplex accept(SocketDuplex plain, ByteReader in, SSLContext context, boolean authenticated, Duration limit,
                                   String... alpn) throws IOException {
        return open(plain, in, true, limit, socket -> {
            var tls = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
            var parameters = parameters(tls, alpn);
            parameters.setUseCipherSuitesOrder(true);
            parameters.setNeedClientAuth(authenticated);
            parameters.setCipherSuites(Arrays.stream(parameters.getCipherSuites()).filter(TlsDuplex::fitForHttp2)
                    .toArray(String[]::new));
            tls.setSSLParameters(parameters);
            return tls;
        });
    }

    /// The client's end, once the handshake is over and the certificate was found to be the host's.
    /// @param plain   taken over: closed when the handshake fails
    /// @param context says whom we trust
    /// @param host    of the certificate: a name, which is sent to the server (RFC 6066 §3), or an address without brackets
    /// @param port    that was dialled
    /// @param limit   for the whole handshake
    /// @param alpn    the protocols that we speak, the best first
    /// @throws SocketTimeoutException the limit has passed
    /// @throws SSLException the handshake failed; like the others, its message is one line with host and cause
    public static TlsDuplex connect(SocketDuplex plain, SSLContext context, String host, int port, Duration limit,
                                    String... alpn) throws IOException {
        try {
            var duplex = open(plain, new ByteReader(plain.in(), MemoryBudget.PROCESS), false, limit, socket -> {
                var tls = (SSLSocket) context.getSocketFactory().createSocket(socket, host, port, true);
                var parameters = parameters(tls, alpn);
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                parameters.setServerNames(serverNames(host));
                tls.setSSLParameters(parameters);
                return tls;
            });
            var suite = duplex.tls.getSession().getCipherSuite();
            if (!duplex.applicationProtocol.equals("h2") || fitForHttp2(suite)) return duplex;
            duplex.reset();
            throw new SSLHandshakeException("it chose h2 with " + suite + ", which RFC 9113 forbids");
        } catch (SocketTimeoutException e) {
            var late = "no TLS with " + text(host, port) + " within " + limit.toMillis() + " ms";
            throw described(new SocketTimeoutException(late), e);
        } catch (IOException e) {
            throw described(new SSLException("no TLS with " + text(host, port) + ": " + e.getMessage()), e);
        }
    }

    private static TlsDuplex open(SocketDuplex plain, ByteReader in, boolean guarded, Duration limit, Layering layering)
            throws IOException {
        try {
            var duplex = new TlsDuplex(plain, in, guarded, layering);
            try (var time = plain.watchdog().limit(limit, plain::reset)) {
                duplex.handshake(time);
            }
            return duplex;
        } catch (IOException | RuntimeException e) {
            if (guarded) Linger.end(plain, in);
            else Linger.endAtOnce(plain, in);
            in.release();
            plain.close();
            throw e;
        }
    }

    /// Nobody else is at either end yet: this thread writes what JSSE has said each time before it waits for the peer.
    private void handshake(Watchdog.Limit time) throws IOException {
        queue.take();
        jsse.lock();
        try {
            tls.startHandshake();
            records.established();
            source = tls.getInputStream();
            sink = tls.getOutputStream();
            applicationProtocol = tls.getApplicationProtocol();
        } catch (IOException e) {
            if (time.passed()) throw described(new SocketTimeoutException("the TLS handshake did not end in time"), e);
            sayWhy();
            throw e;
        } finally {
            jsse.unlock();
        }
        queue.give();
    }

    /// JSSE's alert; when it cannot be sent, the handshake's failure tells more than that.
    private void sayWhy() {
        try {
            queue.give();
        } catch (IOException _) {
            // the peer is gone
        }
    }

    private static SSLParameters parameters(SSLSocket tls, String... alpn) {
        var parameters = tls.getSSLParameters();
        parameters.setProtocols(VERSIONS);
        parameters.setApplicationProtocols(alpn);
        return parameters;
    }

    /// JSSE by itself leaves out names without a dot.
    private static List<SNIServerName> serverNames(String host) {
        try {
            InetAddress.ofLiteral(host);
            return List.of();
        } catch (IllegalArgumentException _) {
            return List.of(new SNIHostName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host));
        }
    }

    /// Whether a cipher suite is one of TLS 1.3, or not among those that RFC 9113, Appendix A, lists.
    private static boolean fitForHttp2(String suite) {
        if (!suite.contains("_WITH_")) return true;
        return (suite.startsWith("TLS_ECDHE_") || suite.startsWith("TLS_DHE_"))
                && (suite.contains("_GCM_") || suite.contains("_CHACHA20_"));
    }

    private static String text(String host, int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    private static <E extends IOException> E described(E failure, IOException cause) {
        failure.initCause(cause);
        return failure;
    }

    // ---- a connection ------------------------------------------------------------------------------------------

    /// What ALPN has agreed on.
    /// @return empty when the peer did not ask
    public String applicationProtocol() {
        return applicationProtocol;
    }

    /// The version of TLS.
    /// @return as JSSE calls it: `TLSv1.3`
    public String version() {
        return tls.getSession().getProtocol();
    }

    /// The certificate that the peer presented in the handshake, where it was verified.
    /// @return null when there was none
    public X509Certificate peerCertificate() {
        try {
            return tls.getSession().getPeerCertificates()[0] instanceof X509Certificate certificate ? certificate : null;
        } catch (SSLPeerUnverifiedException _) {
            return null;
        }
    }

    /// The peer's address.
    public InetSocketAddress remoteAddress() {
        return plain.remoteAddress();
    }

    /// The address that the peer reached us at, or that we dialled from.
    public InetSocketAddress localAddress() {
        return plain.localAddress();
    }

    @Override public InputStream in() {
        return in;
    }

    @Override public OutputStream out() {
        return out;
    }

    /// {@inheritDoc} As for [SocketDuplex#readTimeout]: it bounds the read as a whole, however its record drips, and
    /// TLS goes on behind it.
    @Override public void readTimeout(Duration limit) throws IOException {
        plain.readTimeout(limit);
    }

    @Override public void finish() throws IOException {
        queue.take();
        try {
            announceEnd();
        } finally {
            queue.give();
        }
    }

    @Override public void reset() {
        plain.reset();
        closed();
        ended.countDown();
    }

    /// Ends both directions; a thread that writes fails at once. TLS's end is sent behind our back if it can be:
    /// whoever closes `plain` as well waits for [#awaitEnd] before.
    @Override public void close() {
        if (!closed()) return;
        if (queue.over() || !queue.tryTake()) {
            end();
            return;
        }
        try {
            announceEnd();
        } catch (IOException _) {
            // then there is no farewell
        }
        Thread.startVirtualThread(this::farewell);
    }

    /// Waits until what [#close] does behind our back is done.
    /// @param deadline ends the wait
    public void awaitEnd(Deadline deadline) {
        try {
            if (!ended.await(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) end();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override public String toString() {
        return plain + " by TLS";
    }

    private void announceEnd() throws IOException {
        jsse.lock();
        try {
            tls.shutdownOutput();
        } finally {
            jsse.unlock();
        }
    }

    private void farewell() {
        try (var _ = plain.watchdog().limit(FAREWELL, plain::reset)) {
            queue.give();
        } catch (IOException _) {
            // the peer is gone
        } finally {
            end();
        }
    }

    private void end() {
        plain.close();
        ended.countDown();
    }

    /// @return false when it was closed before
    private boolean closed() {
        lock.lock();
        try {
            if (closed) return false;
            closed = true;
            if (!reading) records.release();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void beginRead() throws IOException {
        lock.lock();
        try {
            if (closed) throw new IOException("the connection is closed");
            reading = true;
        } finally {
            lock.unlock();
        }
        plain.beginLayerRead();
    }

    private void endRead() {
        plain.endLayerRead();
        lock.lock();
        try {
            reading = false;
            if (closed) records.release();
        } finally {
            lock.unlock();
        }
        queue.drain();
    }

    private final class In extends InputStream {
        @Override public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override public int read(byte[] target, int offset, int length) throws IOException {
            beginRead();
            jsse.lock();
            try {
                int n = source.read(target, offset, length);
                if (n > 0) records.fruitful(n);
                else if (n < 0 && records.ended()) throw new EOFException("the peer's end came without close_notify");
                return n;
            } finally {
                jsse.unlock();
                endRead();
            }
        }

        @Override public int available() throws IOException {
            return source.available();
        }
    }

    private final class Out extends OutputStream {
        @Override public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int at = offset, end = offset + length; at < end; ) {
                int n = Math.min(end - at, SocketDuplex.PIECE);
                queue.take();
                try {
                    encrypt(bytes, at, n);
                } finally {
                    queue.give();
                }
                at += n;
            }
        }

        private void encrypt(byte[] bytes, int offset, int length) throws IOException {
            jsse.lock();
            try {
                sink.write(bytes, offset, length);
            } finally {
                jsse.unlock();
            }
        }
    }
}
