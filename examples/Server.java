import io.loomtunnel.TunnelServer;
import java.time.Duration;

/// The public end: waits for clients on a free port and serves their visitors on another, here for two seconds.
///
/// `java -cp target/loomtunnel.jar examples/Server.java`
void main() throws InterruptedException, java.io.IOException {
    try (var server = TunnelServer.builder().bind(0).http(0).token("a-secret-of-at-least-some-length").start()) {
        IO.println("clients attach at " + server.controlAddress());
        IO.println("visitors come to " + server.httpAddress());
        Thread.sleep(Duration.ofSeconds(2));       // your program's own work
    }
}
