package io.loomtunnel.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class NoProxyTest {
    @Test void aNameCountsForItselfAndWhatIsBelow() {
        for (var entry : List.of("example.com", ".example.com", "*.example.com", "Example.COM.", "x, example.com", "x example.com")) {
            assertTrue(new NoProxy(entry).holds("example.com", 443), entry);
            assertTrue(new NoProxy(entry).holds("edge.EXAMPLE.com.", 443), entry);
            assertFalse(new NoProxy(entry).holds("notexample.com", 443), entry);
        }
    }

    @Test void addressesAndRangesCountForAddresses() {
        var list = new NoProxy("10.0.0.0/8,192.0.2.1,fd00::/8,[2001:db8::1]:443,nonsense/99,:");
        for (var host : List.of("10.1.2.3", "192.0.2.1", "fd12::1", "2001:db8::1")) assertTrue(list.holds(host, 443), host);
        for (var host : List.of("11.1.2.3", "192.0.2.2", "2001:db8::2", "10.example.com")) assertFalse(list.holds(host, 443), host);
        assertFalse(list.holds("2001:db8::1", 80));
    }

    @Test void aPortLimitsAnEntry() {
        assertTrue(new NoProxy("example.com:443").holds("edge.example.com", 443));
        assertFalse(new NoProxy("example.com:443").holds("edge.example.com", 7835));
    }

    @Test void aStarCountsForAllAndThisMachineIsAlwaysMeant() {
        assertTrue(new NoProxy("*").holds("anything.example", 1));
        for (var host : List.of("localhost", "a.localhost", "127.0.0.2", "::1")) assertTrue(new NoProxy("").holds(host, 1), host);
        assertFalse(new NoProxy("").holds("example.com", 1));
    }
}
