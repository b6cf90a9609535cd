package io.loomtunnel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.Test;

class HttpDateTest {
    @Test void isAnImfFixdate() {                                                                      // RFC 9110 §5.6.7
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", HttpDate.text(784_111_777));
        assertEquals("Thu, 01 Jan 1970 00:00:00 GMT", HttpDate.text(0));
        assertEquals("Sun, 06 Nov 1994 08:49:38 GMT", HttpDate.text(784_111_778), "the next second has its own");
    }

    @Test void dateThatIsThereStays() {                                                                // RFC 9110 §6.6.1
        var fields = Fields.of("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        HttpDate.stamp(fields);
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", fields.joined("date"));
    }

    @Test void missingDateIsThatOfNow() {
        var fields = new Fields();
        HttpDate.stamp(fields);
        var date = ZonedDateTime.parse(fields.joined("date"), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        assertEquals(0, Duration.between(date, Instant.now()).toMinutes());
    }
}
