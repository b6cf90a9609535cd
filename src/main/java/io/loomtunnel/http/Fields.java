package io.loomtunnel.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.function.IntPredicate;

/// A field section (RFC 9110 §5, §6.3): names and values in the order in which they came, repeated names kept apart.
///
/// Names and values lie as bytes in one array, so that a parser adds and an encoder copies them without a `String`
/// in between; names are lower case from the start. A value is a sequence of opaque octets, one char each where it
/// is a `String` (ISO-8859-1). `host` is never a field here: it is [RequestHead#authority].
///
/// Look-up compares a hash first, the one that `String` keeps: nothing is allocated. Not safe for two threads at once
/// while one of them changes it.
public final class Fields {
    private static final int STRIDE = 5;          // name offset, name length, value offset, value length, name hash
    private static final int SENSITIVE = 1 << 31; // flag in the name length

    private byte[] data;
    private int used;
    private int[] index;
    private int count;

    /// An empty field section.
    public Fields() {
        this(256, 12);
    }

    /// An empty field section with room.
    /// @param bytes of names and values that fit before it grows
    /// @param fields that fit before it grows
    public Fields(int bytes, int fields) {
        data = new byte[bytes];
        index = new int[fields * STRIDE];
    }

    /// A field section of these names and values.
    /// @param namesAndValues alternately
    /// @return a new one, which the caller may change
    public static Fields of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) throw new IllegalArgumentException("a name without a value");
        var fields = new Fields();
        for (int i = 0; i < namesAndValues.length; i += 2) fields.add(namesAndValues[i], namesAndValues[i + 1]);
        return fields;
    }

    /// The number of field lines.
    /// @return how many times [#add] was called, less what was removed
    public int size() {
        return count;
    }

    /// Whether there is no field at all.
    /// @return true without fields
    public boolean isEmpty() {
        return count == 0;
    }

    /// Bytes of all names and values, as the limits count them.
    /// @return the sum of their lengths
    public int bytes() {
        int sum = 0;
        for (int i = 0; i < count; i++) sum += nameLength(i) + valueLength(i);
        return sum;
    }

    /// The name of field `i`, in lower case.
    /// @param i from 0 to [#size]
    /// @return a new string
    public String name(int i) {
        return new String(data, nameOffset(i), nameLength(i), ISO_8859_1);
    }

    /// The value of field `i`.
    /// @param i from 0 to [#size]
    /// @return a new string
    public String value(int i) {
        return new String(data, valueOffset(i), valueLength(i), ISO_8859_1);
    }

    /// Whether field `i` has this name.
    /// @param i from 0 to [#size]
    /// @param name in lower case
    /// @return true when it has
    public boolean isNamed(int i, String name) {
        int at = i * STRIDE;
        return index[at + 4] == name.hashCode() && nameLength(i) == name.length() && matches(index[at], name);
    }

    /// The first field of this name at or after `from`.
    /// @param name in lower case
    /// @param from 0 for the first of all
    /// @return its number, or -1
    public int find(String name, int from) {
        int hash = name.hashCode();
        for (int i = from; i < count; i++) {
            if (index[i * STRIDE + 4] == hash && nameLength(i) == name.length() && matches(index[i * STRIDE], name)) return i;
        }
        return -1;
    }

    /// Whether there is a field of this name.
    /// @param name in lower case
    /// @return true when there is
    public boolean has(String name) {
        return find(name, 0) >= 0;
    }

    /// The value of the first field of this name.
    /// @param name in lower case
    /// @return null when there is none
    public String first(String name) {
        int i = find(name, 0);
        return i < 0 ? null : value(i);
    }

    /// The values of all fields of this name as one list (RFC 9110 §5.3).
    /// @param name in lower case
    /// @return the values joined by a comma and a space, or null when there is none
    public String joined(String name) {
        int i = find(name, 0);
        if (i < 0) return null;
        var all = value(i);
        while ((i = find(name, i + 1)) >= 0) all += ", " + value(i);
        return all;
    }

    /// Whether a list-valued field has this member, compared without regard to case and parameters left aside:
    /// `has("connection", "close")`.
    /// @param name in lower case
    /// @param token in lower case
    /// @return true when one of its fields lists the token
    public boolean lists(String name, String token) {
        for (int i = find(name, 0); i >= 0; i = find(name, i + 1)) {
            if (listed(valueOffset(i), valueLength(i), token)) return true;
        }
        return false;
    }

    /// Adds a field behind the others.
    /// @param name turned to lower case
    /// @param value one octet a char
    /// @return this
    @SuppressWarnings("deprecation")     // getBytes(int, int, byte[], int) is the one copy without an encoder
    public Fields add(String name, String value) {
        room(name.length() + value.length());
        name.getBytes(0, name.length(), data, used);
        value.getBytes(0, value.length(), data, used + name.length());
        enter(name.length(), value.length());
        return this;
    }

    /// Adds a field behind the others, from the bytes of a message.
    /// @param source holds both
    /// @param nameOffset where the name begins; it is turned to lower case here, not in `source`
    /// @param nameLength in bytes
    /// @param valueOffset where the value begins
    /// @param valueLength in bytes
    public void add(byte[] source, int nameOffset, int nameLength, int valueOffset, int valueLength) {
        add(source, nameOffset, nameLength, source, valueOffset, valueLength);
    }

    /// Adds a field behind the others, its name and its value from two arrays.
    /// @param names holds the name
    /// @param nameOffset where the name begins
    /// @param nameLength in bytes
    /// @param values holds the value
    /// @param valueOffset where the value begins
    /// @param valueLength in bytes
    public void add(byte[] names, int nameOffset, int nameLength, byte[] values, int valueOffset, int valueLength) {
        room(nameLength + valueLength);
        System.arraycopy(names, nameOffset, data, used, nameLength);
        System.arraycopy(values, valueOffset, data, used + nameLength, valueLength);
        enter(nameLength, valueLength);
    }

    /// Adds field `i` of other fields behind these.
    /// @param other is not changed
    /// @param i its number there
    public void addFrom(Fields other, int i) {
        add(other.data, other.nameOffset(i), other.nameLength(i), other.valueOffset(i), other.valueLength(i));
        if (other.sensitive(i)) markSensitive(count - 1);
    }

    /// Replaces all fields of this name by one, behind the others.
    /// @param name in lower case
    /// @param value one octet a char
    /// @return this
    public Fields set(String name, String value) {
        return remove(name).add(name, value);
    }

    /// Removes all fields of this name.
    /// @param name in lower case
    /// @return this
    public Fields remove(String name) {
        if (has(name)) removeIf(i -> isNamed(i, name));
        return this;
    }

    /// Removes the fields whose number the predicate accepts; the others keep their order.
    /// @param unwanted is asked once for each number, in order
    public void removeIf(IntPredicate unwanted) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (unwanted.test(i)) continue;
            if (kept != i) System.arraycopy(index, i * STRIDE, index, kept * STRIDE, STRIDE);
            kept++;
        }
        count = kept;
    }

    /// A copy that may be changed.
    /// @return these names and values
    public Fields copy() {
        var copy = new Fields(0, 0);
        copy.data = Arrays.copyOf(data, used + 64);
        copy.used = used;
        copy.index = Arrays.copyOf(index, Math.max(index.length, (count + 4) * STRIDE));
        copy.count = count;
        return copy;
    }

    /// Whether field `i` must never enter a compression table (RFC 7541 §7.1.3).
    /// @param i from 0 to [#size]
    /// @return true when a peer said so
    public boolean sensitive(int i) {
        return (index[i * STRIDE + 1] & SENSITIVE) != 0;
    }

    /// Keeps field `i` out of compression tables on every later hop.
    /// @param i from 0 to [#size]
    public void markSensitive(int i) {
        index[i * STRIDE + 1] |= SENSITIVE;
    }

    /// The array in which all names and values lie. For encoders: it is read, never written.
    /// @return the array itself, replaced when fields are added
    public byte[] data() {
        return data;
    }

    /// Where the name of field `i` begins in [#data].
    /// @param i from 0 to [#size]
    /// @return an offset
    public int nameOffset(int i) {
        return index[i * STRIDE];
    }

    /// The length of the name of field `i`.
    /// @param i from 0 to [#size]
    /// @return bytes
    public int nameLength(int i) {
        return index[i * STRIDE + 1] & ~SENSITIVE;
    }

    /// Where the value of field `i` begins in [#data].
    /// @param i from 0 to [#size]
    /// @return an offset
    public int valueOffset(int i) {
        return index[i * STRIDE + 2];
    }

    /// The length of the value of field `i`.
    /// @param i from 0 to [#size]
    /// @return bytes
    public int valueLength(int i) {
        return index[i * STRIDE + 3];
    }

    /// The hash of the name of field `i`: `String.hashCode` of the lower-case name.
    /// @param i from 0 to [#size]
    /// @return the hash
    public int nameHash(int i) {
        return index[i * STRIDE + 4];
    }

    private void room(int bytes) {
        if (used + bytes > data.length) data = Arrays.copyOf(data, Math.max(used + bytes, data.length * 2));
        if ((count + 1) * STRIDE > index.length) index = Arrays.copyOf(index, Math.max(4 * STRIDE, index.length * 2));
    }

    /// Enters the name and value that were put at `used`.
    private void enter(int nameLength, int valueLength) {
        int hash = 0;
        for (int i = used; i < used + nameLength; i++) {
            byte b = data[i];
            if (b >= 'A' && b <= 'Z') data[i] = b += 'a' - 'A';
            hash = 31 * hash + (b & 0xff);
        }
        int at = count++ * STRIDE;
        index[at] = used;
        index[at + 1] = nameLength;
        index[at + 2] = used + nameLength;
        index[at + 3] = valueLength;
        index[at + 4] = hash;
        used += nameLength + valueLength;
    }

    private boolean matches(int offset, String text) {
        for (int i = text.length(); i-- > 0; ) if ((data[offset + i] & 0xff) != text.charAt(i)) return false;
        return true;
    }

    private boolean listed(int offset, int length, String token) {
        int end = offset + length;
        for (int at = offset; at < end; ) {
            while (at < end && (data[at] == ' ' || data[at] == '\t' || data[at] == ',')) at++;
            int start = at;
            while (at < end && data[at] != ',' && data[at] != ';' && data[at] != ' ' && data[at] != '\t') at++;
            if (at - start == token.length() && equalsIgnoreCase(start, token)) return true;
            while (at < end && data[at] != ',') at++;
        }
        return false;
    }

    private boolean equalsIgnoreCase(int offset, String lower) {
        for (int i = 0; i < lower.length(); i++) {
            int b = data[offset + i];
            if (b >= 'A' && b <= 'Z') b += 'a' - 'A';
            if (b != lower.charAt(i)) return false;
        }
        return true;
    }

    @Override public boolean equals(Object other) {
        if (!(other instanceof Fields that) || that.count != count) return false;
        for (int i = 0; i < count; i++) {
            if (!Arrays.equals(data, nameOffset(i), nameOffset(i) + nameLength(i),
                    that.data, that.nameOffset(i), that.nameOffset(i) + that.nameLength(i))
                    || !Arrays.equals(data, valueOffset(i), valueOffset(i) + valueLength(i),
                    that.data, that.valueOffset(i), that.valueOffset(i) + that.valueLength(i))) return false;
        }
        return true;
    }

    @Override public int hashCode() {
        int hash = count;
        for (int i = 0; i < count; i++) hash = 31 * hash + nameHash(i) + 17 * valueLength(i);
        return hash;
    }

    /// Names only: values may be secrets.
    @Override public String toString() {
        var text = new StringBuilder("Fields[");
        for (int i = 0; i < count; i++) text.append(i == 0 ? "" : ", ").append(name(i));
        return text.append(']').toString();
    }
}
