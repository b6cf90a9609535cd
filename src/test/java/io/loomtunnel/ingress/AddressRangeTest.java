package io.loomtunnel.ingress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true", "10.0.0.0/8, 11.0.0.0, false", "10.0.0.0/8, 9.255.255.255, false",
        "10.1.2.3/8, 10.200.0.1, true", "192.0.2.128/25, 192.0.2.128, true", "192.0.2.128/25, 192.0.2.127, false",
        "192.0.2.7, 192.0.2.7, true", "192.0.2.7, 192.0.2.6, false", "0.0.0.0/0, 255.1.2.3, true", "0.0.0.0/0, ::1, false",
        "128.0.0.0/1, 255.0.0.1, true", "128.0.0.0/1, 127.0.0.1, false", "192.0.2.0/31, 192.0.2.1, true", "192.0.2.0/31, 192.0.2.2, false",
        "fd00::/8, fdff::1, true", "fd00::/8, fe00::1, false", "2001:db8::/33, 2001:db8:7fff::1, true", "2001:db8::/33, 2001:db8:8000::1, false",
        "::1, ::1, true", "::1, 127.0.0.1, false", "::/0, 2001:db8::1, true", "::/0, 10.0.0.1, false",
        "::ffff:10.0.0.0/8, 10.1.1.1, true",
    })
    void holdsWhatBeginsWithItsBits(String range, String address, boolean held) {
        assertEquals(held, AddressRange.of(range).holds(InetAddress.ofLiteral(address)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10/8", "10.1/16", "localhost", "::1/129",
        "::1%1", "10.0.0.0/0x8", "10.0.0.256", "a.b.c.d", "*", "10.0.0.0/1000000000000"})
    void whatIsNoneIsRefusedAndNamed(String text) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> AddressRange.of(text));
        assertTrue(refusal.getMessage().startsWith("not an address range: " + text + " "), refusal.getMessage());
    }

    @Test void proxyHeaderOfNobodyIsRefused() {
        assertThrows(IllegalArgumentException.class, TrustedProxies.NONE::withProxyProtocol);
        assertThrows(IllegalArgumentException.class, () -> new TrustedProxies(List.of(), true));
        assertFalse(TrustedProxies.of("::1").trust(null));
        assertTrue(TrustedProxies.of("::1", "127.0.0.0/8").trust(InetAddress.ofLiteral("127.0.0.3")));
    }
}
