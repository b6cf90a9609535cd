package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loomtunnel.proxy.ProxyHeader;
import io.loomtunnel.proxy.TcpOrigin;
import io.loomtunnel.tunnel.Route;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TcpServiceTest {
    @Test void aTargetIsAPortOrHostAndPort() throws Exception {
        assertEquals(new TcpService(new Route.Tcp("db"), new TcpOrigin("127.0.0.1", 5432)), TcpService.parse("DB=5432"));
        assertEquals(new TcpOrigin("db.internal", 5432), TcpService.parse("db=db.internal:5432").origin());
        assertEquals(new TcpOrigin("::1", 5432), TcpService.parse("db=[::1]:5432").origin());
    }

    @Test void whoWantsAProxyHeaderSaysWhich() throws Exception {
        assertEquals(ProxyHeader.V1, TcpService.parse("db=5432,proxy=v1").origin().header());
        assertEquals(ProxyHeader.V2, TcpService.parse("db=a:5432,proxy=v2").origin().header());
    }

    @Test void commasInTheEnvironmentDoNotTearAHeaderFromItsTarget() throws Exception {
        var arguments = Arguments.parse(Command.CLIENT, List.of(), Map.of("LOOMTUNNEL_TCP", "db=5432,proxy=v2,ssh=22, proxy=23"));
        var services = TcpService.parseAll(List.of("db=5432", "proxy=v2", "ssh=22"));
        assertEquals(List.of(TcpService.parse("db=5432,proxy=v2"), TcpService.parse("ssh=22")), services);
        assertEquals(4, arguments.values(Flag.TCP_SERVICE).size());
        assertEquals(3, TcpService.parseAll(arguments.values(Flag.TCP_SERVICE)).size(), "a service may be named proxy");
    }

    @Test void aServerListensForEachNameAndOnARange() throws Exception {
        var listeners = listeners("--tcp", "db=127.0.0.1:5432", "--tcp", "SSH=2222", "--tcp-range", "127.0.0.1:20000-20100");
        assertEquals(new InetSocketAddress("127.0.0.1", 5432), listeners.services().get("db"));
        assertEquals(new InetSocketAddress("0.0.0.0", 2222), listeners.services().get("ssh"));
        assertEquals(new InetSocketAddress("127.0.0.1", 20000), listeners.first());
        assertEquals(20100, listeners.last());
        assertEquals(new InetSocketAddress("0.0.0.0", 20000), listeners("--tcp-range", "20000-20000").first());
    }

    @Test void withoutAnyThereIsNone() throws Exception {
        assertTrue(listeners().none());
        assertNull(listeners("--tcp", "db=1").first());
    }

    private static TcpListeners listeners(String... words) throws Exception {
        return TcpListeners.of(Arguments.parse(Command.SERVER, List.of(words), Map.of()));
    }
}
