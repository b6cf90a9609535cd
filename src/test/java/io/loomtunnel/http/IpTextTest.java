package io.loomtunnel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IpTextTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 192.0.2.7", "::, ::", "::1, ::1", "1::, 1::", "2001:DB8:0:0:0:0:0:1, 2001:db8::1", "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "1:0:0:2:0:0:0:3, 1:0:0:2::3", "1:0:0:2:3:0:0:4, 1::2:3:0:0:4", "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8", "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
        "::ffff:192.0.2.7, 192.0.2.7", "fe80::1%1, fe80::1",
    })
    void addressHasOneSpelling(String any, String one) {                                               // RFC 5952 §4
        assertEquals(one, IpText.of(InetAddress.ofLiteral(any)));
    }
}
