import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/// Both ends in one JVM: a page served by a program on a private port is fetched at a public one.
///
/// `java -cp target/loomtunnel.jar examples/Embedded.java`
void main() throws Exception {
    var secret = "only-this-program-knows-it";
    var loopback = InetAddress.getLoopbackAddress();
    try (var origin = Origin.start();
         var server = TunnelServer.builder().bind(0).http(new InetSocketAddress(loopback, 0)).token(secret).start();
         var client = TunnelClient.builder().server("127.0.0.1", server.controlAddress().getPort()).token(secret)
                 .http("localhost", URI.create("http://127.0.0.1:" + origin.port())).start();
         var visitor = HttpClient.newHttpClient()) {
        var url = URI.create("http://localhost:" + server.httpAddress().getPort() + "/");
        IO.println(url + " says: " + visitor.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString()).body());
    }
}

/// The program on the private port.
record Origin(com.sun.net.httpserver.HttpServer server) implements AutoCloseable {
    static Origin start() throws java.io.IOException {
        var server = com.sun.net.httpserver.HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var page = "hello from a private port".getBytes();
            exchange.sendResponseHeaders(200, page.length);
            try (var out = exchange.getResponseBody()) {
                out.write(page);
            }
        });
        server.start();
        return new Origin(server);
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override public void close() {
        server.stop(0);
    }
}
