package io.loomtunnel.tunnel;

import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.tunnel.StructuredItem.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Parses structured fields (RFC 9651 §4.2) as strictly as the RFC asks: one wrong character refuses the whole field.
/// The length of what is parsed is bounded by whoever read the field section.
final class StructuredParser {
    private static final int MAX_DIGITS = 15;         // of an integer, RFC 9651 §3.3.1

    private final String field;
    private int at;

    private StructuredParser(String field) {
        this.field = field;
    }

    /// Parses a list (§4.2.1).
    /// @param field the values of all its field lines, joined by commas
    /// @throws MalformedMessageException (400) it is none, or has members of a kind that we do not know
    static List<StructuredItem> list(String field) throws MalformedMessageException {
        var parser = new StructuredParser(field);
        var members = new ArrayList<StructuredItem>();
        parser.spaces();
        while (parser.more()) {
            members.add(parser.item());
            parser.separator();
        }
        return members;
    }

    /// Parses a dictionary (§4.2.2): of two members with one key the later one counts, at the earlier one's place.
    /// @param field the values of all its field lines, joined by commas
    /// @throws MalformedMessageException (400) it is none, or has members of a kind that we do not know
    static Map<String, StructuredItem> dictionary(String field) throws MalformedMessageException {
        var parser = new StructuredParser(field);
        var members = new LinkedHashMap<String, StructuredItem>();
        parser.spaces();
        while (parser.more()) {
            var key = parser.key();
            var value = parser.skip('=') ? parser.bareItem() : new Value.Flag(true);
            members.put(key, new StructuredItem(value, parser.parameters()));
            parser.separator();
        }
        return members;
    }

    private StructuredItem item() throws MalformedMessageException {
        return new StructuredItem(bareItem(), parameters());
    }

    private Map<String, Value> parameters() throws MalformedMessageException {
        var parameters = new LinkedHashMap<String, Value>();
        while (skip(';')) {
            spaces();
            parameters.put(key(), skip('=') ? bareItem() : new Value.Flag(true));
        }
        return parameters;
    }

    /// §4.2.1 step 2.3 on: optional white space, then the end or a comma that another member must follow.
    private void separator() throws MalformedMessageException {
        whitespace();
        if (!more()) return;
        if (!skip(',')) throw malformed("no comma between members");
        whitespace();
        if (!more()) throw malformed("a comma at the end");
    }

    private Value bareItem() throws MalformedMessageException {
        if (!more()) throw malformed("an item is missing");
        char first = field.charAt(at);
        if (first == '"') return text();
        if (first == '?') return flag();
        if (first == '-' || isDigit(first)) return whole();
        if (first == '*' || isAlpha(first)) return token();
        throw malformed("an item of an unknown kind");
    }

    private Value text() throws MalformedMessageException {
        at++;
        var text = new StringBuilder();
        while (more()) {
            char c = field.charAt(at++);
            if (c == '"') return new Value.Text(text.toString());
            if (c < ' ' || c > '~') throw malformed("a string with a character outside of printable ASCII");
            if (c == '\\') {
                if (!more()) break;
                c = field.charAt(at++);
                if (c != '"' && c != '\\') throw malformed("a string with an unknown escape");
            }
            text.append(c);
        }
        throw malformed("a string without an end");
    }

    private Value flag() throws MalformedMessageException {
        at++;
        if (skip('1')) return new Value.Flag(true);
        if (skip('0')) return new Value.Flag(false);
        throw malformed("a Boolean that is neither ?0 nor ?1");
    }

    private Value whole() throws MalformedMessageException {
        int start = at;
        skip('-');
        int digits = at;
        while (more() && isDigit(field.charAt(at))) at++;
        if (at == digits || at - digits > MAX_DIGITS) throw malformed("an integer without digits or with too many");
        if (more() && field.charAt(at) == '.') throw malformed("a decimal");
        return new Value.Whole(Long.parseLong(field, start, at, 10));
    }

    private Value token() {
        int start = at++;
        while (more() && isTokenChar(field.charAt(at))) at++;
        return new Value.Token(field.substring(start, at));
    }

    private String key() throws MalformedMessageException {
        int start = at;
        if (!more() || field.charAt(at) != '*' && !isLower(field.charAt(at))) throw malformed("a key is missing");
        while (more() && isKeyChar(field.charAt(at))) at++;
        return field.substring(start, at);
    }

    private boolean more() {
        return at < field.length();
    }

    private boolean skip(char expected) {
        if (!more() || field.charAt(at) != expected) return false;
        at++;
        return true;
    }

    private void spaces() {
        while (skip(' ')) { }
    }

    private void whitespace() {
        while (skip(' ') || skip('\t')) { }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    private static boolean isAlpha(char c) {
        return isLower(c) || c >= 'A' && c <= 'Z';
    }

    private static boolean isKeyChar(char c) {
        return isLower(c) || isDigit(c) || "_-.*".indexOf(c) >= 0;
    }

    private static boolean isTokenChar(char c) {
        return isAlpha(c) || isDigit(c) || "!#$%&'*+-.^_`|~:/".indexOf(c) >= 0;
    }

    private static MalformedMessageException malformed(String detail) {
        return new MalformedMessageException("a structured field has " + detail);
    }
}
