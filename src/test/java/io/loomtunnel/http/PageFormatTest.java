package io.loomtunnel.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// RFC 9110 §12.5.1.
class PageFormatTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "*/*|TEXT", "''|TEXT", "text/plain|TEXT", "text/html|HTML", "application/json|JSON", "application/problem+json|PROBLEM", "TEXT/HTML|HTML",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8|HTML", "application/json, text/plain, */*|JSON", "application/json, text/javascript, */*; q=0.01|JSON",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2|HTML", "application/vnd.api+json|PROBLEM", "application/hal+json, application/json;q=0.5|PROBLEM",
        "text/*|TEXT", "application/*|PROBLEM", "text/html;q=0.5, application/json;q=0.6|JSON", "text/html;q=0.5, application/json;q=0.499|HTML",
        "text/html;q=0, */*|TEXT", "text/plain;q=0, */*|HTML", "text/plain;q=0, text/html;q=0, */*|JSON", "text/*;q=0, */*;q=0.1|JSON", "*/*;q=0|TEXT", "image/webp|TEXT",
        "*/*, text/html|HTML", "text/plain, text/html|TEXT", "text/html, text/plain|HTML", "text/html;level=1;q=0.3, text/plain;q=0.2|HTML",
        "text/html;q=1.001, application/json;q=0.1|JSON", "text/html;q=2, text/plain;q=0.1|TEXT", "text/html;q=, application/json|JSON", "text/html;q=0.1234, application/json;q=0.1|JSON",
        "text/html;Q=0.1, application/json;q=1.000|JSON", "text/html;q=0.1, text/html;q=0.9, text/plain;q=0.5|HTML", "text/html;q=0., text/plain;q=0.1|TEXT",
        "image/png;a=\"x, text/html\"|TEXT", "image/png;a=\"x\\\", text/html\", application/json|JSON", ",,text/html,,|HTML", "garbage|TEXT", "text|TEXT", "/html|TEXT", "application/json;charset=utf-8|JSON",
    })
    void bestRangeDecides(String accept, PageFormat format) {
        assertEquals(format, PageFormat.of(Fields.of("accept", accept)));
    }

    @Test void severalLinesAreOneList() {                                                              // RFC 9110 §5.3
        assertEquals(PageFormat.JSON, PageFormat.of(Fields.of("accept", "text/html;q=0.1", "accept", "application/json")));
        assertEquals(PageFormat.TEXT, PageFormat.of(new Fields()));
    }
}
