package io.loomtunnel.net;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;

/// What JSSE takes for the socket below it: its output is a queue, so that nothing in JSSE ever waits for the peer to
/// read, and its end is no more than a note at the end of that queue. The real socket is its owner's to close.
final class RecordSocket extends Socket {
    private final SocketDuplex plain;
    private final RecordInput in;
    private final RecordQueue out;
    private volatile boolean inputEnded;

    RecordSocket(SocketDuplex plain, RecordInput in, RecordQueue out) throws SocketException {
        super((SocketImpl) null);
        this.plain = plain;
        this.in = in;
        this.out = out;
    }

    @Override public InputStream getInputStream() {
        return in;
    }

    @Override public OutputStream getOutputStream() {
        return out;
    }

    @Override public boolean isConnected() {
        return true;
    }

    @Override public boolean isBound() {
        return true;
    }

    @Override public boolean isClosed() {
        return false;
    }

    @Override public void close() {
        inputEnded = true;
        out.end();
    }

    @Override public void shutdownOutput() {
        out.end();
    }

    @Override public boolean isOutputShutdown() {
        return out.ending();
    }

    @Override public void shutdownInput() {
        inputEnded = true;
    }

    @Override public boolean isInputShutdown() {
        return inputEnded;
    }

    /// JSSE must not bound its waits for locks by it: nobody holds one for long.
    @Override public int getSoLinger() {
        return -1;
    }

    @Override public int getSoTimeout() {
        return 0;
    }

    @Override public void setSoTimeout(int timeout) {
        // time-outs are the duplex's
    }

    @Override public InetAddress getInetAddress() {
        return plain.remoteAddress().getAddress();
    }

    @Override public int getPort() {
        return plain.remoteAddress().getPort();
    }

    @Override public SocketAddress getRemoteSocketAddress() {
        return plain.remoteAddress();
    }

    @Override public InetAddress getLocalAddress() {
        return plain.localAddress().getAddress();
    }

    @Override public int getLocalPort() {
        return plain.localAddress().getPort();
    }

    @Override public SocketAddress getLocalSocketAddress() {
        return plain.localAddress();
    }
}
