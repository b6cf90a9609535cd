package io.loomtunnel.tunnel;

import java.util.List;
import java.util.Map;

/// An item of a structured field (RFC 9651 §3.3) with its parameters, in their order. The kinds that no field of ours
/// has (decimals, byte sequences, dates, display strings, inner lists) do not exist here: they are refused as
/// malformed.
record StructuredItem(Value value, Map<String, Value> parameters) {
    /// A bare item (RFC 9651 §3.3).
    sealed interface Value {
        /// Printable ASCII in quotes (§3.3.3).
        record Text(String text) implements Value {
            @Override public String toString() {
                return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
            }
        }

        /// A word without quotes (§3.3.4).
        record Token(String text) implements Value {
            @Override public String toString() {
                return text;
            }
        }

        /// An integer of up to 15 digits (§3.3.1).
        record Whole(long number) implements Value {
            @Override public String toString() {
                return Long.toString(number);
            }
        }

        /// A Boolean (§3.3.6).
        record Flag(boolean set) implements Value {
            @Override public String toString() {
                return set ? "?1" : "?0";
            }
        }
    }

    static StructuredItem text(String text) {
        return new StructuredItem(new Value.Text(text), Map.of());
    }

    /// Serializes a list (RFC 9651 §4.1.1).
    static String list(List<StructuredItem> members) {
        var field = new StringBuilder();
        for (var member : members) field.append(field.isEmpty() ? "" : ", ").append(member);
        return field.toString();
    }

    /// Serializes a dictionary (RFC 9651 §4.1.2).
    static String dictionary(Map<String, StructuredItem> members) {
        var field = new StringBuilder();
        members.forEach((key, member) -> {
            field.append(field.isEmpty() ? "" : ", ").append(key);
            boolean yes = member.value instanceof Value.Flag(var set) && set;
            field.append(yes ? parameterText(member.parameters) : "=" + member);
        });
        return field.toString();
    }

    @Override public String toString() {
        return value + parameterText(parameters);
    }

    private static String parameterText(Map<String, Value> parameters) {
        var text = new StringBuilder();
        parameters.forEach((key, value) -> {
            text.append(';').append(key);
            if (!(value instanceof Value.Flag(var set) && set)) text.append('=').append(value);
        });
        return text.toString();
    }
}
