package io.loomtunnel.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.tunnel.StructuredItem.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StructuredParserTest {
    @Test void aListHasItsMembersInOrder() throws Exception {                                   // RFC 9651 §3.1
        assertEquals(List.of(StructuredItem.text("*.example.com"), StructuredItem.text("app/api")),
                StructuredParser.list("\"*.example.com\", \"app/api\""));
    }

    @Test void anEmptyListHasNone() throws Exception {                                          // §4.2.1
        assertEquals(List.of(), StructuredParser.list(""));
    }

    @Test void whiteSpaceAroundCommasMayBeTabs() throws Exception {                             // §4.2.1 step 2.3
        assertEquals(2, StructuredParser.list("a\t ,\t b").size());
    }

    @Test void parametersFollowTheirItem() throws Exception {                                   // §3.1.2
        var item = StructuredParser.list("\"db\";tcp; port=5432;note=\"x;y\"").getFirst();
        assertEquals(Map.of("tcp", new Value.Flag(true), "port", new Value.Whole(5432), "note", new Value.Text("x;y")),
                item.parameters());
    }

    @Test void aDictionaryKeepsTheLaterOfTwoMembers() throws Exception {                        // §4.2.2
        var members = StructuredParser.dictionary("a=1, b;x=?0, a=2");
        assertEquals(List.of("a", "b"), List.copyOf(members.keySet()));
        assertEquals(new Value.Whole(2), members.get("a").value());
        assertEquals(new StructuredItem(new Value.Flag(true), Map.of("x", new Value.Flag(false))), members.get("b"));
    }

    @Test void quotesAndBackslashesAreEscaped() throws Exception {                              // §3.3.3
        assertEquals(StructuredItem.text("a\"b\\c"), StructuredParser.list("\"a\\\"b\\\\c\"").getFirst());
        assertEquals("\"a\\\"b\\\\c\"", StructuredItem.text("a\"b\\c").toString());
    }

    @Test void integersHaveUpTo15Digits() throws Exception {                                    // §3.3.1
        var least = StructuredParser.list("-999999999999999").getFirst().value();
        assertEquals(new Value.Whole(-999_999_999_999_999L), least);
        assertThrows(MalformedMessageException.class, () -> StructuredParser.list("1000000000000000"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        ",", "a,", "a,,b", "a b", "\"open", "\"bad\\escape\"", "\"bad\\", "\"tab\there\"", "\"\u00fc\"",
        "?2", "?", "-", "1.5", "--1",
        ":YQ==:", "@1", "%\"x\"", "(a b)", "a;", "a;B", "a;b=", "=", "\u0000", "\"a\"b",
    })
    void whatIsNoListIsRefusedWhole(String field) {                                             // §4.2
        assertThrows(MalformedMessageException.class, () -> StructuredParser.list(field));
    }

    @ParameterizedTest
    @ValueSource(strings = {"A=1", "a=", "a=1,", "1=a", "a==1", "a=1 b=2", "=1", "a=(1 2)"})
    void whatIsNoDictionaryIsRefusedWhole(String field) {                                       // §4.2.2
        assertThrows(MalformedMessageException.class, () -> StructuredParser.dictionary(field));
    }

    @Test void whatWasWrittenIsRead() throws Exception {
        var random = new Random(20261124);
        for (int round = 0; round < 2_000; round++) {
            var list = new ArrayList<StructuredItem>();
            var dictionary = new LinkedHashMap<String, StructuredItem>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                var item = new StructuredItem(value(random), parameters(random));
                list.add(item);
                dictionary.put("k" + i, item);
            }
            assertEquals(list, StructuredParser.list(StructuredItem.list(list)));
            assertEquals(dictionary, StructuredParser.dictionary(StructuredItem.dictionary(dictionary)));
        }
    }

    @Test void noInputDoesAnythingButParseOrRefuse() {
        var random = new Random(9651);
        var alphabet = "ab*\"\\,;= \t?01-.\u00e4(:";
        for (int round = 0; round < 100_000; round++) {
            var field = new StringBuilder();
            for (int i = random.nextInt(12); i > 0; i--) {
                field.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                StructuredParser.list(field.toString());
                StructuredParser.dictionary(field.toString());
            } catch (MalformedMessageException _) {
                // refused
            }
        }
    }

    private static Map<String, Value> parameters(Random random) {
        var parameters = new LinkedHashMap<String, Value>();
        for (int i = random.nextInt(3); i > 0; i--) parameters.put("p" + i, value(random));
        return parameters;
    }

    private static Value value(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> new Value.Flag(random.nextBoolean());
            case 1 -> new Value.Whole(random.nextLong(-999_999_999_999_999L, 1_000_000_000_000_000L));
            case 2 -> new Value.Token("*t" + random.nextInt(100));
            default -> {
                var text = new StringBuilder();
                for (int i = random.nextInt(8); i > 0; i--) text.append((char) random.nextInt(' ', 0x7f));
                yield new Value.Text(text.toString());
            }
        };
    }
}
