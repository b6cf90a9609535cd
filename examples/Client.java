import io.loomtunnel.TunnelClient;
import io.loomtunnel.TunnelServer;
import io.loomtunnel.http.Fields;
import io.loomtunnel.http.ResponseHead;

/// The private end without an origin: what visitors of `app.example.com` ask for is answered by this very program.
///
/// `java -cp target/loomtunnel.jar examples/Client.java [HOST [PORT]]`; without a server's HOST it starts one of its own.
void main(String[] words) throws java.io.IOException {
    var secret = System.getenv().getOrDefault("LOOMTUNNEL_TOKEN", "a-secret-of-at-least-some-length");
    if (words.length > 0) {
        serve(words[0], words.length > 1 ? Integer.parseInt(words[1]) : 7835, secret);
        return;
    }
    try (var server = TunnelServer.builder().bind(0).http(0).token(secret).start()) {
        serve("127.0.0.1", server.controlAddress().getPort(), secret);
    }
}

void serve(String host, int port, String secret) throws java.io.IOException {
    try (var client = TunnelClient.builder().server(host, port).token(secret).http("app.example.com", exchange -> {
        var page = ("you asked for " + exchange.request().path() + "\n").getBytes();
        var content = exchange.respond(new ResponseHead(200, Fields.of("content-type", "text/plain", "content-length", "" + page.length)));
        content.write(page);
        content.end();
    }).listener(event -> IO.println(event)).start()) {
        IO.println("attached to " + host + ":" + port);       // your program's own work; close() ends the tunnel
    }
}
