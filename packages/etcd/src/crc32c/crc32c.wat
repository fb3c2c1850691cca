;; CRC-32C of a range of memory. Three neighbouring stretches of 168 bytes advance side by side, so that the
;; processor has three independent chains of table look-ups, and are joined by shifting the earlier ones.
;;
;; Memory: 0      8 slicing tables of 256 x u32: table k is what a byte contributes when k more bytes follow it
;;         8192   4 tables of 256 x u32: what byte 0..3 of a CRC becomes when 168 zero bytes follow it
(module
  (import "holdfast" "memory" (memory 1))
  (func (export "crc32c") (param $at i32) (param $length i32) (param $seed i32) (result i32)
    (local $end i32)
    (local $stop i32)
    (local $a i32)
    (local $b i32)
    (local $c i32)
    (local $low i32)
    (local $high i32)
    (local.set $a (i32.xor (local.get $seed) (i32.const -1)))
    (local.set $end (i32.add (local.get $at) (local.get $length)))

    ;; three stretches
    (block $short
      (loop $stretches
        (br_if $short (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 504)))
        (local.set $b (i32.const 0))
        (local.set $c (i32.const 0))
        (local.set $stop (i32.add (local.get $at) (i32.const 168)))
        (loop $eight
          (local.set $low (i32.xor (local.get $a) (i32.load (local.get $at))))
          (local.set $high (i32.load offset=4 (local.get $at)))
          (local.set $a
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $low) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $low) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.and (i32.shr_u (local.get $low) (i32.const 22)) (i32.const 1020)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $high) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $high) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.and (i32.shr_u (local.get $high) (i32.const 22)) (i32.const 1020)))))))
          (local.set $low (i32.xor (local.get $b) (i32.load offset=168 (local.get $at))))
          (local.set $high (i32.load offset=172 (local.get $at)))
          (local.set $b
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $low) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $low) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.and (i32.shr_u (local.get $low) (i32.const 22)) (i32.const 1020)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $high) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $high) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.and (i32.shr_u (local.get $high) (i32.const 22)) (i32.const 1020)))))))
          (local.set $low (i32.xor (local.get $c) (i32.load offset=336 (local.get $at))))
          (local.set $high (i32.load offset=340 (local.get $at)))
          (local.set $c
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=7168 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144 (i32.and (i32.shr_u (local.get $low) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120 (i32.and (i32.shr_u (local.get $low) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096 (i32.and (i32.shr_u (local.get $low) (i32.const 22)) (i32.const 1020)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=3072 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048 (i32.and (i32.shr_u (local.get $high) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024 (i32.and (i32.shr_u (local.get $high) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.and (i32.shr_u (local.get $high) (i32.const 22)) (i32.const 1020)))))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $eight (i32.lt_u (local.get $at) (local.get $stop))))
        (local.set $at (i32.add (local.get $at) (i32.const 336)))
        (local.set $a
          (i32.xor (local.get $b)
            (i32.xor
              (i32.xor
                (i32.load offset=8192 (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))
                (i32.load offset=9216 (i32.and (i32.shr_u (local.get $a) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=10240 (i32.and (i32.shr_u (local.get $a) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=11264 (i32.and (i32.shr_u (local.get $a) (i32.const 22)) (i32.const 1020)))))))
        (local.set $a
          (i32.xor (local.get $c)
            (i32.xor
              (i32.xor
                (i32.load offset=8192 (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))
                (i32.load offset=9216 (i32.and (i32.shr_u (local.get $a) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=10240 (i32.and (i32.shr_u (local.get $a) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=11264 (i32.and (i32.shr_u (local.get $a) (i32.const 22)) (i32.const 1020)))))))
        (br $stretches)))

    ;; the rest by eight bytes
    (block $tail
      (loop $eight
        (br_if $tail (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
        (local.set $low (i32.xor (local.get $a) (i32.load (local.get $at))))
        (local.set $high (i32.load offset=4 (local.get $at)))
        (local.set $a
          (i32.xor
            (i32.xor
              (i32.xor
                (i32.load offset=7168 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                (i32.load offset=6144 (i32.and (i32.shr_u (local.get $low) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=5120 (i32.and (i32.shr_u (local.get $low) (i32.const 14)) (i32.const 1020)))
                (i32.load offset=4096 (i32.and (i32.shr_u (local.get $low) (i32.const 22)) (i32.const 1020)))))
            (i32.xor
              (i32.xor
                (i32.load offset=3072 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                (i32.load offset=2048 (i32.and (i32.shr_u (local.get $high) (i32.const 6)) (i32.const 1020))))
              (i32.xor
                (i32.load offset=1024 (i32.and (i32.shr_u (local.get $high) (i32.const 14)) (i32.const 1020)))
                (i32.load (i32.and (i32.shr_u (local.get $high) (i32.const 22)) (i32.const 1020)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $eight)))

    ;; and by one
    (block $done
      (loop $one
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $low (i32.xor (local.get $a) (i32.load8_u (local.get $at))))
        (local.set $a
          (i32.xor
            (i32.shr_u (local.get $a) (i32.const 8))
            (i32.load (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $one)))
    (i32.xor (local.get $a) (i32.const -1))))
