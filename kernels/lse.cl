/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log sum_v exp z[v] of a row, and the order in which it is summed. The language-model head and the sampler both use
 * this, so that a token has the same log-probability, bit for bit, when it is drawn and when it is trained on.
 *
 * State of a set of columns: m = max z, s = sum exp(z - m), t = sum (z - m) exp(z - m); t only where an entropy is
 * wanted.
 *   row            segments of C_LSE_SEGMENT columns, whose states are merged one after the other, ascending
 *   segment, cpu   blocks of C_LSE_BLOCK columns, ascending. Lane l of the native vector sums columns l, l + width,
 *                  ...; all lanes have one maximum; at the end the lanes are added as a tree
 *   segment, simt  C_LSE_LANES lanes. Lane l sums columns 4 l .. 4 l + 3 of every 64, ascending, with a maximum of
 *                  its own; at the end the lanes are merged one after the other, ascending
 * Columns past the end hold C_MASKED; they add less than 2e-38 to a sum of at least 1.
 */
#define C_LSE_SEGMENT 1024
#define C_LSE_BLOCK   128
#define C_LSE_NV      (C_LSE_BLOCK / P_VECTOR_WIDTH)
#define C_LSE_LANES   16
#define C_LSE_STEP    64

/* exp of a smaller number does not change an f32 sum that is at least exp(0). */
#define C_LSE_FLOOR (-88.0f)

/* log(x) for normal x = 2^e (1 + f): a polynomial for log(1 + f) / f on [sqrt(1/2) - 1, sqrt(2) - 1], whose relative
 * error is 5e-9 before rounding. */
inline float clg_log(float x)
{
    int bits = as_int(x), e = (bits - 0x3f3504f3) >> 23;
    float f = as_float(bits - (e << 23)) - 1.0f;
    float p = fma(-0.0745224661f, f, 0.128084108f);

    p = fma(p, f, -0.132665334f);
    p = fma(p, f, 0.141994313f);
    p = fma(p, f, -0.166082871f);
    p = fma(p, f, 0.200009466f);
    p = fma(p, f, -0.250015824f);
    p = fma(p, f, 0.333333453f);
    p = fma(p, f, -0.499999885f);
    p = fma(p, f, 1.0f);
    return fma((float)e, C_LN2, p * f);
}

typedef struct {
    float m, s, t;
} lse_state;

inline lse_state lse_empty(void)
{
    lse_state r = {C_MASKED, 0.0f, 0.0f};
    return r;
}

/* The state of the columns of a and then b. One of the two factors is exactly 1. */
inline lse_state lse_merge(lse_state a, lse_state b)
{
    lse_state r;
    r.m = max(a.m, b.m);
    float da = max(a.m - r.m, C_LSE_FLOOR), db = max(b.m - r.m, C_LSE_FLOOR);
    float ea = clg_exp(da), eb = clg_exp(db);

    r.s = fma(a.s, ea, b.s * eb);
    r.t = fma(fma(da, a.s, a.t), ea, fma(db, b.s, b.t) * eb);
    return r;
}

inline float lse_value(lse_state r)
{
    return r.m + clg_log(r.s);
}

/* The entropy, lse - sum z p with p = exp(z - m) / s, is log s - t / s. */
inline float lse_entropy(lse_state r)
{
    return clg_log(r.s) - r.t / r.s;
}

/* cpu: the state of a segment between its blocks; s and t by lane. */
typedef struct {
    float m;
    vf s, t;
} lse_lanes;

inline lse_lanes lse_lanes_empty(void)
{
    lse_lanes r = {C_MASKED, (vf)(0.0f), (vf)(0.0f)};
    return r;
}

static inline void lse_block(lse_lanes *r, const vf z[C_LSE_NV], bool with_entropy)
{
    vf top = z[0], s, t = r->t;
    for (int j = 1; j < C_LSE_NV; ++j)
        top = max(top, z[j]);
    float m = max(r->m, clg_max_v(top));
    float d = max(r->m - m, C_LSE_FLOOR), scale = clg_exp(d);

    s = r->s * (vf)(scale);
    if (with_entropy)
        t = fma((vf)(d), r->s, t) * (vf)(scale);
    for (int j = 0; j < C_LSE_NV; ++j) {
        vf dz = z[j] - (vf)(m), e = clg_exp_v(dz);
        s += e;
        if (with_entropy)
            t = fma(max(dz, (vf)(C_LSE_FLOOR)), e, t);
    }
    r->m = m;
    r->s = s;
    r->t = t;
}

inline lse_state lse_lanes_end(const lse_lanes *r)
{
    lse_state o = {r->m, clg_sum_v(r->s), clg_sum_v(r->t)};
    return o;
}

/* simt: the state of a lane after four more columns. */
inline lse_state lse_step(lse_state r, float4 z)
{
    lse_state o;
    o.m = max(r.m, clg_max4(z));
    float d = max(r.m - o.m, C_LSE_FLOOR), scale = clg_exp(d);

    o.s = r.s * scale;
    o.t = fma(d, r.s, r.t) * scale;
    float dz[4] = {z.x - o.m, z.y - o.m, z.z - o.m, z.w - o.m};
    for (int j = 0; j < 4; ++j) {
        float e = clg_exp(dz[j]);
        o.s += e;
        o.t = fma(max(dz[j], C_LSE_FLOOR), e, o.t);
    }
    return o;
}
