;; Goes over JSON text where nothing but nesting matters, 64 bytes a step, as the first stage of
;; simdjson does (Langdale and Lemire, doi:10.1007/s00778-019-00578-5). nesting.ts says what for.
;; `npm run build:nesting` compiles it into nesting-module.ts.
;;
;; Bit n of an i64 stands for byte n of a step. Strings and escapes are those of RFC 8259.
(module
  ;; The text, a page of it. Behind it lie three words, read at the beginning and written at the end:
  ;; how many brackets are open, whether the place is in a string, whether its byte is escaped.
  (memory (export "memory") 2)

  ;; Where the 64 bytes from $at, with the bits of $fold set, are $byte.
  (func $where (param $at i32) (param $fold v128) (param $byte v128) (result i64)
    (i64.or
      (i64.or
        (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $byte)
          (v128.or (local.get $fold) (v128.load (local.get $at))))))
        (i64.shl
          (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $byte)
            (v128.or (local.get $fold) (v128.load offset=16 (local.get $at))))))
          (i64.const 16)))
      (i64.or
        (i64.shl
          (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $byte)
            (v128.or (local.get $fold) (v128.load offset=32 (local.get $at))))))
          (i64.const 32))
        (i64.shl
          (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $byte)
            (v128.or (local.get $fold) (v128.load offset=48 (local.get $at))))))
          (i64.const 48)))))

  ;; Each bit is whether the number of bits up to it is odd.
  (func $odd (param $bits i64) (result i64)
    (local.set $bits (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 1))))
    (local.set $bits (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 2))))
    (local.set $bits (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 4))))
    (local.set $bits (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 8))))
    (local.set $bits (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 16))))
    (i64.xor (local.get $bits) (i64.shl (local.get $bits) (i64.const 32))))

  ;; The lowest of the closing brackets that leaves none of $depth open, as a bit; 0: none does.
  (func $last (param $depth i32) (param $open i64) (param $close i64) (result i64)
    (local $lowest i64)
    (loop $each
      (if (i64.eqz (local.get $close)) (then (return (i64.const 0))))
      (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
      (local.set $lowest
        (i64.and (local.get $close) (i64.sub (i64.const 0) (local.get $close))))
      (local.set $close (i64.xor (local.get $close) (local.get $lowest)))
      (br_if $each
        (i32.add
          (local.get $depth)
          (i32.wrap_i64 (i64.popcnt
            (i64.and (local.get $open) (i64.sub (local.get $lowest) (i64.const 1))))))))
    (local.get $lowest))

  ;; Goes on from $at as long as 64 bytes are left before $end. Stops before the bracket that leaves
  ;; none open, or before the quote that ends the string where none is; else between two steps: before
  ;; one that has a backslash outside of strings, which is no JSON, and escapes nothing.
  (func (export "skip") (param $at i32) (param $end i32) (result i32)
    (local $depth i32)
    (local $string i64) ;; all bits set, or none
    (local $escaped i64)
    (local $escapedNext i64)
    (local $plain v128)
    (local $bit5 v128)
    (local $quotes i64)
    (local $backslashes i64)
    (local $run i64)
    (local $inside i64)
    (local $outside i64)
    (local $open i64)
    (local $close i64)
    (local $last i64)
    (local.set $depth (i32.load offset=65536 (i32.const 0)))
    (local.set $string
      (i64.sub (i64.const 0) (i64.load32_u offset=65540 (i32.const 0))))
    (local.set $escaped (i64.load32_u offset=65544 (i32.const 0)))
    (local.set $bit5 (i8x16.splat (i32.const 0x20)))
    (block $stop
      (loop $step
        (br_if $stop
          (i32.gt_u (i32.add (local.get $at) (i32.const 64)) (local.get $end)))
        (local.set $quotes
          (call $where (local.get $at) (local.get $plain) (i8x16.splat (i32.const 0x22))))
        (local.set $backslashes
          (call $where (local.get $at) (local.get $plain) (i8x16.splat (i32.const 0x5c))))

        ;; Quotes that are escaped are none. Along a run of backslashes every other one escapes, the
        ;; first to begin with; taking the run from every other bit gives that, wherever it begins
        ;; (simdjson, json_escape_scanner.h).
        (if (i64.eqz (local.get $backslashes))
          (then
            (local.set $quotes
              (i64.and (local.get $quotes) (i64.xor (local.get $escaped) (i64.const -1))))
            (local.set $escapedNext (i64.const 0)))
          (else
            (local.set $run
              (i64.and (local.get $backslashes) (i64.xor (local.get $escaped) (i64.const -1))))
            (local.set $run
              (i64.xor
                (i64.sub
                  (i64.or (i64.shl (local.get $run) (i64.const 1)) (i64.const 0xaaaaaaaaaaaaaaaa))
                  (local.get $run))
                (i64.const 0xaaaaaaaaaaaaaaaa)))
            (local.set $quotes
              (i64.and
                (local.get $quotes)
                (i64.xor
                  (i64.xor (local.get $run) (i64.const -1))
                  (i64.or (local.get $backslashes) (local.get $escaped)))))
            (local.set $escapedNext
              (i64.shr_u
                (i64.and (local.get $run) (local.get $backslashes))
                (i64.const 63)))))

        ;; A step within one string is done.
        (if (i32.or
              (i64.eqz (local.get $string))
              (i64.ne (local.get $quotes) (i64.const 0)))
          (then
            (if (i32.eqz (local.get $depth))
              (then
                (local.set $at
                  (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $quotes)))))
                (local.set $escaped (i64.const 0))
                (br $stop)))
            (local.set $inside (i64.xor (local.get $string) (call $odd (local.get $quotes))))
            (local.set $outside (i64.xor (local.get $inside) (i64.const -1)))
            (br_if $stop
              (i64.ne
                (i64.and (local.get $backslashes) (local.get $outside))
                (i64.const 0)))
            ;; `[` and `{`, `]` and `}` are the same byte once bit 5 is set, and no other byte is.
            (local.set $open
              (i64.and
                (local.get $outside)
                (call $where (local.get $at) (local.get $bit5) (i8x16.splat (i32.const 0x7b)))))
            (local.set $close
              (i64.and
                (local.get $outside)
                (call $where (local.get $at) (local.get $bit5) (i8x16.splat (i32.const 0x7d)))))
            (if (i32.ge_u
                  (i32.wrap_i64 (i64.popcnt (local.get $close)))
                  (local.get $depth))
              (then
                (local.set $last
                  (call $last (local.get $depth) (local.get $open) (local.get $close)))
                (if (i64.ne (local.get $last) (i64.const 0))
                  (then
                    (local.set $at
                      (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $last)))))
                    (local.set $depth (i32.const 1))
                    (local.set $string (i64.const 0))
                    (local.set $escaped (i64.const 0))
                    (br $stop)))))
            (local.set $depth
              (i32.add
                (local.get $depth)
                (i32.wrap_i64
                  (i64.sub
                    (i64.popcnt (local.get $open))
                    (i64.popcnt (local.get $close))))))
            (local.set $string (i64.shr_s (local.get $inside) (i64.const 63)))))

        (local.set $escaped (local.get $escapedNext))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $step)))
    (i32.store offset=65536 (i32.const 0) (local.get $depth))
    (i32.store offset=65540 (i32.const 0)
      (i32.wrap_i64 (i64.and (local.get $string) (i64.const 1))))
    (i32.store offset=65544 (i32.const 0) (i32.wrap_i64 (local.get $escaped)))
    (local.get $at)))
