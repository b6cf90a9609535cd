import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/// Raw TCP, both ends in one JVM: a line service on a private port answers at a public one.
///
/// `java -cp target/loomtunnel.jar examples/TcpTunnel.java`
void main() throws Exception {
    var secret = "only-this-program-knows-it";
    var loopback = InetAddress.getLoopbackAddress();
    try (var origin = new ServerSocket(0, 50, loopback);
         var server = TunnelServer.builder().bind(0).tcp("echo", new InetSocketAddress(loopback, 0)).token(secret).start();
         var client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(secret)
                 .tcp("echo", origin.getLocalPort()).start();
         var visitor = new Socket(loopback, server.tcpAddress("echo").getPort())) {
        Thread.startVirtualThread(() -> echo(origin));
        visitor.getOutputStream().write("hello through the tunnel".getBytes());
        visitor.shutdownOutput();                            // travels as what it is: the answer still comes
        IO.println(server.tcpAddress("echo") + " says: " + new String(visitor.getInputStream().readAllBytes()));
    }
}

/// The program on the private port: gives back what it gets.
void echo(ServerSocket origin) {
    try (var connection = origin.accept()) {
        connection.getInputStream().transferTo(connection.getOutputStream());
    } catch (java.io.IOException e) {
        IO.println(e);
    }
}
