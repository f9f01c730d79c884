(** * Tensors, layers and networks, by their sums

    This file is what a theorem of an export rests on: it defines what each layer computes. Nothing here is
    clever. A layer says, for every index of its output, which expression of its operands' entries it is
    ([layer_value]); an expression is evaluated over any type of numbers ([value]); a network evaluates its
    layers in order ([run]).

    Nothing is read silently: a layer whose operands have other shapes than it needs, an index outside of a
    tensor, a list of weights that is too short, each make the whole evaluation [None]. So [run f x = Some y]
    says that all shapes agree, too. *)
From Coq Require Import Bool List ZArith FMapPositive.
From Netprove Require Export Expression.
Import ListNotations.
Open Scope bool_scope.
Open Scope Z_scope.

(** ** Windows *)

(** What is read outside of an image: nothing may be ([Valid]), zero, or the image continued. *)
Inductive border := Valid | Zeros | Circular | Reflect | Replicate.

(** Where coordinate [i] of an axis of length [n] is read; [None] is a zero. *)
Definition resolve (m : border) (n i : Z) : option Z :=
  match m with
  | Valid => Some i
  | Zeros => if inside n i then Some i else None
  | Circular => Some (i mod n)
  | Reflect => Some (if i <? 0 then - i else if i <? n then i else 2 * (n - 1) - i)
  | Replicate => Some (Z.max 0 (Z.min i (n - 1)))
  end.

Record axis := Axis { size : Z; stride : Z; dilation : Z; before : Z; after : Z }.

(** The extent of the output: ⌊(n + before + after − dilation·(size − 1) − 1) / stride⌋ + 1. *)
Definition extent (n : Z) (a : axis) : option Z :=
  let room := n + before a + after a - dilation a * (size a - 1) - 1 in
  guard (forallb (fun k => 1 <=? k) [size a; stride a; dilation a] && (0 <=? before a) && (0 <=? after a) && (0 <=? room))
    (Some (room / stride a + 1)).

Fixpoint extents (s : shape) (w : list axis) : option shape :=
  match s, w with
  | [], [] => Some []
  | n :: s, a :: w => let? k := extent n a in let? r := extents s w in Some (k :: r)
  | _, _ => None
  end.

(** Where output position [p] reads with tap [k]: p·stride + k·dilation − before, axis by axis. *)
Fixpoint place (m : border) (s : shape) (w : list axis) (p k : index) : option index :=
  match s, w, p, k with
  | n :: s, a :: w, o :: p, t :: k =>
      let? i := resolve m n (o * stride a + t * dilation a - before a) in
      let? r := place m s w p k in Some (i :: r)
  | _, _, _, _ => Some []
  end.

(** The taps that read something. *)
Definition seen {A} (l : list (option A)) : list A := flat_map (fun a => match a with Some a => [a] | None => [] end) l.

(** Where the transpose of a convolution reads: the i with i·stride + k·dilation − before = p. *)
Fixpoint place_back (s : shape) (w : list axis) (p k : index) : option index :=
  match s, w, p, k with
  | n :: s, a :: w, o :: p, t :: k =>
      let reach := o + before a - t * dilation a in
      guard ((reach mod stride a =? 0) && inside n (reach / stride a))
        (let? r := place_back s w p k in Some (reach / stride a :: r))
  | _, _, _, _ => Some []
  end.

Fixpoint extents_back (s : shape) (w : list axis) (extra : list Z) : option shape :=
  match s, w, extra with
  | [], [], [] => Some []
  | n :: s, a :: w, e :: extra =>
      let k := (n - 1) * stride a - before a - after a + dilation a * (size a - 1) + 1 + e in
      guard (forallb (fun k => 1 <=? k) [size a; stride a; dilation a; k] && (0 <=? before a) && (0 <=? after a) && (0 <=? e))
        (let? r := extents_back s w extra in Some (k :: r))
  | _, _, _ => None
  end.

(** ** Layers *)

(** What a pool's sum is divided by: nothing, the number of taps, or of those inside the image. *)
Inductive divisor := One | Window | Inside.

(** Weights [w] stand for w / den, where [den] is the layer's. *)
Inductive layer (W : Type) :=
| Conv (kernel : tensor W) (bias : tensor W) (den : positive) (groups : Z) (mode : border) (window : list axis)
| ConvTranspose (kernel : tensor W) (bias : tensor W) (den : positive) (groups : Z) (window : list axis) (extra : list Z)
| Dense (matrix : tensor W) (bias : tensor W) (den : positive)
| Scale (factor offset : tensor W) (den : positive)
| SumPool (share : divisor) (window : list axis)
| Pad (constant : W) (den : positive) (mode : border) (window : list axis)
| Slice (start step : list Z) (result : shape)
| Upsample (factor : list Z) (bilinear : bool)
| Reshape (result : shape)
| Permute (axes : list nat)
| PixelShuffle (r : Z)
| Add
| Sub
| Concat
| Slopes (below : tensor W) (den : positive)
| Clip (slope offset low high : W) (den : positive)
| ExtremePool (least : bool) (window : list axis)
| Maxout (k : Z)
| Extreme (least : bool)
| Square
| Multiply.
Arguments Conv {W}. Arguments ConvTranspose {W}. Arguments Dense {W}. Arguments Scale {W}. Arguments SumPool {W}.
Arguments Pad {W}. Arguments Slice {W}. Arguments Upsample {W}. Arguments Reshape {W}. Arguments Permute {W}.
Arguments PixelShuffle {W}. Arguments Add {W}. Arguments Sub {W}. Arguments Concat {W}. Arguments Slopes {W}.
Arguments Clip {W}. Arguments ExtremePool {W}. Arguments Maxout {W}. Arguments Extreme {W}. Arguments Square {W}.
Arguments Multiply {W}.

Section Layers.
Context {W : Type} (number : Z -> W).

Definition zero := number 0.
Definition one := number 1.
Definition plain (e : entry) : expression W := Sum zero [(one, e)] 1.
Definition constant (w : W) (den : positive) : expression W := Sum w [] den.

(** The largest (or smallest) of one or more expressions; there is none of nothing. *)
Fixpoint extreme (least : bool) (l : list (expression W)) : option (expression W) :=
  match l with
  | [] => None
  | [e] => Some e
  | e :: l => let? r := extreme least l in Some (if least then Min e r else Max e r)
  end.

(** One weight for all, one a channel, or one an entry: a tensor whose axes are the first of the shape's. *)
Definition spread (t : tensor W) (m : Map.t W) (i : index) : option W :=
  at_index (dims t) m (firstn (length (dims t)) i).
Definition spreads (t : tensor W) (s : shape) : bool :=
  well_formed t && same (dims t) (firstn (length (dims t)) s).

(** Σ over channels [c] and taps [k] of kernel · entry, for the taps that read something. *)
Definition window_terms (kernel : Z -> index -> option W) (channels : list Z) (first : Z)
    (taps : list (index * option index)) : option (list (W * entry)) :=
  collect (flat_map (fun c => seen (map (fun t =>
    let? at_ := snd t in Some (let? w := kernel c (fst t) in Some (w, (0%nat, first + c :: at_)))) taps)) channels).

(** The neighbours of position [i] of an axis of length [n] that is enlarged [f] times, with weights over 2f: the
    centre (i + 1/2)/f − 1/2, or the edge. *)
Definition neighbours (bilinear : bool) (n f i : Z) : list (Z * Z) :=
  if bilinear then
    let reach := Z.max 0 (2 * i + 1 - f) in
    let q := reach / (2 * f) in let r := reach mod (2 * f) in
    [(q, 2 * f - r); (Z.min (q + 1) (n - 1), r)]
  else [(i / f, 2 * f)].

Fixpoint corners (bilinear : bool) (s f : list Z) (p : index) : list (index * Z) :=
  match s, f, p with
  | n :: s, f :: fs, i :: p =>
      flat_map (fun a => map (fun b => (fst a :: fst b, snd a * snd b)) (corners bilinear s fs p)) (neighbours bilinear n f i)
  | _, _, _ => [([], 1)]
  end.

Fixpoint position_of (k : nat) (l : list nat) : option nat :=
  match l with
  | [] => None
  | a :: l => if Nat.eqb a k then Some 0%nat else let? p := position_of k l in Some (S p)
  end.

(** Which operand of a concatenation holds channel [c], and where. *)
Fixpoint part (o : nat) (shapes : list shape) (c : Z) : option (nat * Z) :=
  match shapes with
  | (n :: _) :: shapes => if c <? n then Some (o, c) else part (S o) shapes (c - n)
  | _ => None
  end.

(** The output's shape, and the expression at each of its indices. *)
Definition function : Type := shape * (index -> option (expression W)).

Definition on_entries (s : shape) (f : entry -> expression W) : option function := Some (s, fun i => Some (f (0%nat, i))).

Definition layer_value (l : layer W) (operands : list shape) : option function :=
  match l, operands with
  | Conv kernel bias den groups mode window, [c :: s] =>
      match dims kernel with
      | o :: per :: taps =>
          let? p := extents s window in
          let outputs := o / groups in
          let weights := array (entries kernel) in let biases := array (entries bias) in let tap := indices taps in
          guard (well_formed kernel && well_formed bias && same (dims bias) [o] && (1 <=? groups) && (o =? outputs * groups)
                 && (c =? per * groups) && same taps (map size window))
            (Some (o :: p, fun i => match i with
               | o :: p =>
                   let? b := get biases o in
                   let? terms := window_terms (fun c k => at_index (dims kernel) weights (o :: c :: k)) (range per)
                                   (o / outputs * per) (map (fun k => (k, place mode s window p k)) tap) in
                   Some (Sum b terms den)
               | _ => None end))
      | _ => None end
  | ConvTranspose kernel bias den groups window extra, [c :: s] =>
      match dims kernel with
      | c' :: per :: taps =>
          let? p := extents_back s window extra in
          let inputs := c / groups in
          let weights := array (entries kernel) in let biases := array (entries bias) in let tap := indices taps in
          guard (well_formed kernel && well_formed bias && same (dims bias) [per * groups] && (1 <=? groups)
                 && (c =? inputs * groups) && (c =? c') && same taps (map size window))
            (Some (per * groups :: p, fun i => match i with
               | o :: p =>
                   let first := o / per * inputs in
                   let? b := get biases o in
                   let? terms := window_terms (fun c k => at_index (dims kernel) weights (first + c :: o mod per :: k))
                                   (range inputs) first (map (fun k => (k, place_back s window p k)) tap) in
                   Some (Sum b terms den)
               | _ => None end))
      | _ => None end
  | Dense matrix bias den, [[n]] =>
      match dims matrix with
      | [o; n'] =>
          let weights := array (entries matrix) in let biases := array (entries bias) in let columns := range n in
          guard (well_formed matrix && well_formed bias && same (dims bias) [o] && (n =? n'))
            (Some ([o], fun i => match i with
               | [o] =>
                   let? b := get biases o in
                   let? terms := collect (map (fun j =>
                     let? w := at_index (dims matrix) weights [o; j] in Some (w, (0%nat, [j]))) columns) in
                   Some (Sum b terms den)
               | _ => None end))
      | _ => None end
  | Scale factor offset den, [s] =>
      let factors := array (entries factor) in let offsets := array (entries offset) in
      guard (spreads factor s && spreads offset s)
        (Some (s, fun i => let? f := spread factor factors i in let? o := spread offset offsets i in
                           Some (Sum o [(f, (0%nat, i))] den)))
  | SumPool share window, [c :: s] =>
      let? p := extents s window in
      let taps := indices (map size window) in
      Some (c :: p, fun i => match i with
        | c :: p =>
            let read := seen (map (place Zeros s window p) taps) in
            let? d := match share with
              | One => Some 1%positive
              | Window => Some (Z.to_pos (Z.of_nat (length taps)))
              | Inside => guard (1 <=? Z.of_nat (length read)) (Some (Z.to_pos (Z.of_nat (length read))))
              end in
            Some (Sum zero (map (fun at_ => (one, (0%nat, c :: at_))) read) d)
        | _ => None end)
  | Pad constant den mode window, [c :: s] =>
      let? p := extents s window in
      guard (forallb (fun a => (size a =? 1) && (stride a =? 1)) window)
        (Some (c :: p, fun i => match i with
           | c :: p => match place mode s window p (map (fun _ => 0) p) with
               | Some at_ => Some (plain (0%nat, c :: at_))
               | None => Some (Sum constant [] den)
               end
           | _ => None end))
  | Slice start step result, [s] =>
      guard (Nat.eqb (length start) (length s) && Nat.eqb (length step) (length s) && Nat.eqb (length result) (length s)
             && forallb (fun k => 1 <=? k) step)
        (on_entries result (fun e =>
           plain (fst e, map (fun t => fst t + snd t) (combine start (map (fun t => fst t * snd t) (combine step (snd e)))))))
  | Upsample factor bilinear, [c :: s] =>
      guard (Nat.eqb (length factor) (length s) && forallb (fun k => 1 <=? k) factor)
        (Some (c :: map (fun t => fst t * snd t) (combine s factor), fun i => match i with
           | c :: p => Some (Sum zero (map (fun t => (number (snd t), (0%nat, c :: fst t))) (corners bilinear s factor p))
                               (Z.to_pos (fold_right (fun f d => 2 * f * d) 1 factor)))
           | _ => None end))
  | Reshape result, [s] =>
      guard (elements s =? elements result)
        (Some (result, fun i => let? k := flat result i in Some (plain (0%nat, unflat s k))))
  | Permute axes, [s] =>
      let? result := collect (map (nth_error s) axes) in
      guard (Nat.eqb (length axes) (length s))
        (Some (result, fun i =>
           let? from := collect (map (fun a => let? p := position_of a axes in nth_error i p) (seq 0 (length s))) in
           Some (plain (0%nat, from))))
  | PixelShuffle r, [[c; h; w]] =>
      guard ((1 <=? r) && (c mod (r * r) =? 0))
        (Some ([c / (r * r); h * r; w * r], fun i => match i with
           | [c; y; x] => Some (plain (0%nat, [c * (r * r) + y mod r * r + x mod r; y / r; x / r]))
           | _ => None end))
  | Add, s :: others =>
      guard (forallb (same s) others)
        (Some (s, fun i => Some (Sum zero (map (fun o => (one, (o, i))) (seq 0 (S (length others)))) 1)))
  | Sub, [s; t] => guard (same s t) (Some (s, fun i => Some (Sum zero [(one, (0%nat, i)); (number (-1), (1%nat, i))] 1)))
  | Concat, (c :: s) :: others =>
      let? channels := collect (map (fun t => match t with n :: t => guard (same s t) (Some n) | [] => None end) others) in
      Some (fold_right Z.add c channels :: s, fun i => match i with
        | k :: p => let? found := part 0 operands k in Some (plain (fst found, snd found :: p))
        | [] => None end)
  | Slopes below den, [s] =>
      let slopes := array (entries below) in
      guard (spreads below s)
        (Some (s, fun i => let? a := spread below slopes i in let x := plain (0%nat, i) in
           Some (Combine zero (number (Zpos den)) (Max x (constant zero 1)) a (Min x (constant zero 1)) den)))
  | Clip slope offset low high den, [s] =>
      on_entries s (fun x => Min (Max (Sum offset [(slope, x)] den) (constant low den)) (constant high den))
  | ExtremePool least window, [c :: s] =>
      let? p := extents s window in
      let taps := indices (map size window) in
      Some (c :: p, fun i => match i with
        | c :: p => extreme least (map (fun at_ => plain (0%nat, c :: at_)) (seen (map (place Zeros s window p) taps)))
        | _ => None end)
  | Maxout k, [c :: s] =>
      guard ((1 <=? k) && (c mod k =? 0))
        (Some (c / k :: s, fun i => match i with
           | c :: p => extreme false (map (fun j => plain (0%nat, c * k + j :: p)) (range k))
           | _ => None end))
  | Extreme least, s :: others =>
      guard (forallb (same s) others)
        (Some (s, fun i => extreme least (map (fun o => plain (o, i)) (seq 0 (S (length others))))))
  | Square, [s] => on_entries s (fun x => Times (plain x) (plain x))
  | Multiply, [s; t] => guard (same s t) (Some (s, fun i => Some (Times (plain (0%nat, i)) (plain (1%nat, i)))))
  | _, _ => None
  end.

(** ** Networks *)

(** A layer, the values that it is computed from (inputs first, then the nodes in order), and its output's shape. *)
Record node := Node { operation : layer W; operands : list nat; result : shape }.

(** The interval [low / den, high / den] that every entry of an input lies in, if it is restricted. *)
Definition domain : Type := option (W * W * positive).

Record network := Network { inputs : list (shape * domain); nodes : list node }.

Definition evaluate {A} (N : numbers W A) (l : layer W) (operands : list (tensor A)) : option (tensor A) :=
  let? f := layer_value l (map dims operands) in
  let arrays := map (fun t => (dims t, array (entries t))) operands in
  let read := fun e : entry => let? t := nth_error arrays (fst e) in at_index (fst t) (snd t) (snd e) in
  let? found := collect (map (fun i => let? e := snd f i in value N read e) (indices (fst f))) in
  Some (Tensor (fst f) found).

Fixpoint run_nodes {A} (N : numbers W A) (todo : list node) (values : list (tensor A)) : option (list (tensor A)) :=
  match todo with
  | [] => Some values
  | n :: todo =>
      let? found := collect (map (nth_error values) (operands n)) in
      let? t := evaluate N (operation n) found in
      guard (same (dims t) (result n) && well_formed t) (run_nodes N todo (values ++ [t]))
  end.

(** The network's value is its last node's; one without nodes returns its last input. *)
Definition run {A} (N : numbers W A) (f : network) (x : list (tensor A)) : option (tensor A) :=
  guard (forallb well_formed x && if list_eq_dec (list_eq_dec Z.eq_dec) (map dims x) (map fst (inputs f)) then true else false)
    (let? values := run_nodes N (nodes f) x in nth_error (rev values) 0).
End Layers.

Arguments node : clear implicits. Arguments Node {W}. Arguments network : clear implicits. Arguments Network {W}.
Arguments domain : clear implicits.
