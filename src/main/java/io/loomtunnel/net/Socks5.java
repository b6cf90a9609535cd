package io.loomtunnel.net;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.loomtunnel.io.Duplex;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.IDN;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.nio.ByteBuffer;

/// The client's side of SOCKS version 5 (RFC 1928) with a user and a password (RFC 1929). A name is given to the proxy as it is: whoever
/// needs a proxy can often not resolve it.
public final class Socks5 {
    private static final int VERSION = 5;
    private static final int ANONYMOUS = 0x00;              // methods, RFC 1928 §3
    private static final int USER_AND_PASSWORD = 0x02;
    private static final int NONE_ACCEPTABLE = 0xff;
    private static final int SUBNEGOTIATION = 1;            // version, RFC 1929 §2
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;                      // address types, RFC 1928 §5
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final int LONGEST = 255;                 // bytes that one length byte can count

    private Socks5() {}

    /// The proxy wants to know who asks, or does not let this user in.
    public static final class DeniedException extends IOException {
        private static final long serialVersionUID = 1;

        DeniedException(String reason) {
            super(reason);
        }
    }

    /// Whether a user or a password fits into the protocol.
    /// @param bytes in the encoding that the proxy expects
    public static boolean fits(byte[] bytes) {
        return bytes.length > 0 && bytes.length <= LONGEST;
    }

    /// Lets a proxy connect to a host; afterwards the connection is the host's. Reads no byte more than the proxy's answers. Its caller
    /// bounds the time.
    /// @param proxy    a new connection to the proxy
    /// @param host     a name, or an address without brackets
    /// @param port     of the host
    /// @param user     empty when there is none
    /// @param password of the user
    /// @throws DeniedException who we are matters to the proxy, and it was not said, or it was not believed
    /// @throws IOException the proxy cannot connect, or speaks something else; one line without host and port
    public static void connect(Duplex proxy, String host, int port, byte[] user, byte[] password) throws IOException {
        authenticate(proxy, user, password);
        send(proxy, request(host, port));
        var answer = read(proxy.in(), 4);
        if (answer[0] != VERSION) throw new ProtocolException("it does not speak SOCKS 5");
        if (answer[1] != 0) throw new IOException(reason(answer[1] & 0xff));
        // Where the proxy connects from does not matter, but it comes before the host's first byte.
        int length = switch (answer[3]) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            case NAME -> read(proxy.in(), 1)[0] & 0xff;
            default -> throw new ProtocolException("it answered with an unknown kind of address");
        };
        read(proxy.in(), length + 2);
    }

    private static void authenticate(Duplex proxy, byte[] user, byte[] password) throws IOException {
        boolean named = user.length > 0;
        send(proxy, named ? new byte[] {VERSION, 2, ANONYMOUS, USER_AND_PASSWORD} : new byte[] {VERSION, 1, ANONYMOUS});
        var choice = read(proxy.in(), 2);
        if (choice[0] != VERSION) throw new ProtocolException("it does not speak SOCKS 5");
        switch (choice[1] & 0xff) {
            case ANONYMOUS -> { }
            case USER_AND_PASSWORD -> {
                if (!named) throw new ProtocolException("it chose what was not offered");
                var message = ByteBuffer.allocate(3 + user.length + password.length).put((byte) SUBNEGOTIATION)
                        .put((byte) user.length).put(user).put((byte) password.length).put(password);
                send(proxy, message.array());
                if (read(proxy.in(), 2)[1] != 0) throw new DeniedException("it does not accept this user and password");
            }
            case NONE_ACCEPTABLE -> throw new DeniedException(named ? "it takes no user and password" : "it wants a user and a password");
            default -> throw new ProtocolException("it chose what was not offered");
        }
    }

    private static byte[] request(String host, int port) throws IOException {
        byte[] address;
        int type;
        try {
            address = InetAddress.ofLiteral(host).getAddress();
            type = address.length == 4 ? IPV4 : IPV6;
        } catch (IllegalArgumentException _) {
            var name = IDN.toASCII(host).getBytes(US_ASCII);
            if (!fits(name)) throw new IOException("the name is too long");
            address = ByteBuffer.allocate(name.length + 1).put((byte) name.length).put(name).array();
            type = NAME;
        }
        return ByteBuffer.allocate(6 + address.length).put((byte) VERSION).put((byte) CONNECT).put((byte) 0)
                .put((byte) type).put(address).putShort((short) port).array();
    }

    /// RFC 1928 §6.
    private static String reason(int code) {
        return switch (code) {
            case 2 -> "it does not allow this connection";
            case 3 -> "it finds the network unreachable";
            case 4 -> "it finds the host unreachable, or does not know its name";
            case 5 -> "the connection was refused";
            case 6 -> "nobody answered it in time";
            case 7 -> "it makes no TCP connections";
            case 8 -> "it does not know this kind of address";
            default -> "it failed";
        };
    }

    private static void send(Duplex proxy, byte[] message) throws IOException {
        proxy.out().write(message);
        proxy.out().flush();
    }

    private static byte[] read(InputStream in, int length) throws IOException {
        var bytes = in.readNBytes(length);
        if (bytes.length < length) throw new EOFException("it closed the connection");
        return bytes;
    }
}
