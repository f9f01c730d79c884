(** * What networks of convolutions and max-pools cannot do

    Let every layer be a convolution without padding (or with circular padding), a max-pool or min-pool, or a sum of
    values: any weights, biases, strides, dilations, groups, windows and skip connections. Then f(x + c·1) = f(x) + c·v,
    where v is one number for each channel of the output ([translation]): f is affine along images that are constant.
    So no such network is a universal approximator: it is at distance at least 1/2 from |mean| at one of the constant
    images −1, 0 and 1 ([not_the_absolute_mean]). ReLU does not have this property, but max-pool commutes with it. *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Domains Check.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

(** ** Max-pool commutes with ReLU *)

Definition relu (q : Qc) : Qc := larger q 0.

Fixpoint largest (q : Qc) (l : list Qc) : Qc := match l with [] => q | p :: l => larger q (largest p l) end.

Lemma larger_cases a b : (larger a b = a /\ b <= a) \/ (larger a b = b /\ a <= b).
Proof.
  unfold larger. destruct (Qclt_le_dec a b) as [L|L]; [right | left]; split; auto. apply Qclt_le_weak, L.
Qed.

Lemma relu_larger a b : relu (larger a b) = larger (relu a) (relu b).
Proof.
  unfold relu. destruct (larger_cases a b) as [[-> H]|[-> H]];
    destruct (larger_cases a 0) as [[-> Ha]|[-> Ha]]; destruct (larger_cases b 0) as [[-> Hb]|[-> Hb]].
  - symmetry; apply larger_left, H.
  - symmetry; apply larger_left, Ha.
  - assert (E : b = 0) by (apply Qcle_antisym; [eapply Qcle_trans; [exact H | exact Ha] | exact Hb]).
    subst. symmetry; apply larger_left, Qcle_refl.
  - symmetry; apply larger_left, Qcle_refl.
  - symmetry; apply larger_right, H.
  - assert (E : a = 0) by (apply Qcle_antisym; [eapply Qcle_trans; [exact H | exact Hb] | exact Ha]).
    subst. symmetry; apply larger_left, Qcle_refl.
  - symmetry; apply larger_right, Hb.
  - symmetry; apply larger_left, Qcle_refl.
Qed.

Theorem relu_of_maxpool window q : relu (largest q window) = largest (relu q) (map relu window).
Proof. revert q; induction window as [|p l IH]; intros q; simpl; [reflexivity|]. rewrite relu_larger, IH. reflexivity. Qed.

(** ** Positions and indices *)

Lemma nth_flat_map {A} (f : Z -> list A) L r : (r < L)%nat -> (forall j, length (f j) = L) -> forall m a j, (j < m)%nat ->
  nth_error (flat_map f (map Z.of_nat (seq a m))) (j * L + r) = nth_error (f (Z.of_nat (a + j))) r.
Proof.
  intros Hr HL. induction m as [|m IH]; intros a j Hj; [lia|]. simpl. destruct j as [|j].
  - rewrite nth_error_app1 by (rewrite HL; simpl; lia). simpl. do 3 f_equal. lia.
  - rewrite nth_error_app2 by (rewrite HL; simpl; lia). rewrite HL.
    replace (S j * L + r - L)%nat with (j * L + r)%nat by (simpl; lia).
    rewrite IH by lia. do 3 f_equal. lia.
Qed.

Lemma flat_map_length {A} (f : Z -> list A) L l : (forall j, length (f j) = L) -> length (flat_map f l) = (length l * L)%nat.
Proof. intros H. induction l; simpl; [reflexivity|]. rewrite app_length, H, IHl. reflexivity. Qed.

Lemma flat_indices : forall s i start k, flat_from start s i = Some k ->
  length (indices s) = Z.to_nat (elements s) /\ (0 < elements s)%Z /\
  exists r, k = (start * elements s + Z.of_nat r)%Z /\ nth_error (indices s) r = Some i.
Proof.
  induction s as [|n s IH]; intros [|j i] start k H; simpl in H; try discriminate.
  - injection H as <-. simpl. repeat split; try lia. exists O. split; [lia | reflexivity].
  - destruct (inside n j) eqn:I; [|discriminate]. apply andb_prop in I as [I0 I1]. apply Z.leb_le in I0. apply Z.ltb_lt in I1.
    destruct (IH _ _ _ H) as (L & P & r & -> & N).
    change (elements (n :: s)) with (n * elements s)%Z.
    assert (R : (r < length (indices s))%nat) by (apply nth_error_Some; congruence).
    assert (Lc : forall j, length (map (cons j) (indices s)) = length (indices s)) by (intros; apply map_length).
    cbn [indices]. repeat split.
    + rewrite (flat_map_length _ _ _ Lc). unfold range. rewrite map_length, seq_length, L, Z2Nat.inj_mul by lia. reflexivity.
    + apply Z.mul_pos_pos; lia.
    + exists (Z.to_nat j * length (indices s) + r)%nat. split.
      * rewrite Nat2Z.inj_add, Nat2Z.inj_mul, L, !Z2Nat.id by lia. ring.
      * unfold range. rewrite (nth_flat_map (fun j => map (cons j) (indices s)) _ r R Lc) by lia. rewrite nth_error_map.
        transitivity (option_map (cons (Z.of_nat (0 + Z.to_nat j))) (Some i)); [f_equal; exact N|].
        simpl. rewrite Z2Nat.id by lia. reflexivity.
Qed.

Lemma get_nth {A} (l : list A) k : (0 <= k)%Z -> get (array l) k = nth_error l (Z.to_nat k).
Proof. intros H. unfold get. rewrite (proj2 (Z.leb_le 0 k) H), find_array. f_equal. lia. Qed.

Lemma at_index_nth {A} s (l : list A) i a : at_index s (array l) i = Some a ->
  exists r, nth_error (indices s) r = Some i /\ nth_error l r = Some a.
Proof.
  unfold at_index. intros H. split_bind. destruct (flat_indices _ _ _ _ H) as (_ & _ & r & -> & N).
  rewrite get_nth in H0 by lia. rewrite Z.mul_0_l, Z.add_0_l, Nat2Z.id in H0. eauto.
Qed.

Section Translation.
Context (R : ring).
Notation W := (weight R).
Notation network := (network W).
Notation f_at f xs := (run (number R) (exact R) f xs).

(** ** Slopes: how values move when all inputs move by c *)

(** The slope of each channel of each operand. *)
Definition slopes : Type := nat -> Z -> Qc.
Definition channel (i : index) : Z := hd 0%Z i.

Definition terms_slope (v : slopes) (terms : list (W * entry)) : Qc :=
  fold_right (fun t s => exactly R (fst t) * v (fst (snd t)) (channel (snd (snd t))) + s) 0 terms.

Lemma terms_slope_cons v t l :
  terms_slope v (t :: l) = exactly R (fst t) * v (fst (snd t)) (channel (snd (snd t))) + terms_slope v l.
Proof. reflexivity. Qed.

Inductive slope (v : slopes) : expression W -> Qc -> Prop :=
| slope_sum c terms d : slope v (Sum c terms d) (terms_slope v terms / natural d)
| slope_max a b s : slope v a s -> slope v b s -> slope v (Max a b) s
| slope_min a b s : slope v a s -> slope v b s -> slope v (Min a b) s.

Lemma larger_plus a b c : larger (a + c) (b + c) = larger a b + c.
Proof.
  destruct (larger_cases a b) as [[-> H]|[-> H]]; [apply larger_left | apply larger_right];
    apply Qcplus_le_compat; auto using Qcle_refl.
Qed.

Lemma smaller_plus a b c : smaller (a + c) (b + c) = smaller a b + c.
Proof.
  destruct (larger_cases a b) as [[_ H]|[_ H]].
  - rewrite (smaller_right a b H). apply smaller_right, Qcplus_le_compat; auto using Qcle_refl.
  - rewrite (smaller_left a b H). apply smaller_left, Qcplus_le_compat; auto using Qcle_refl.
Qed.

Lemma slope_correct v c (f g : entry -> option Qc) :
  (forall e a, f e = Some a -> g e = Some (a + c * v (fst e) (channel (snd e)))) ->
  forall e s a, slope v e s -> value (exact R) f e = Some a -> value (exact R) g e = Some (a + c * s).
Proof.
  intros H e s a S. revert a. induction S; simpl; intros r E; split_bind.
  - assert (T : exists l, read_terms g terms = Some l /\
      fold_right (fun t s => exactly R (fst t) * snd t + s) 0 l = fold_right (fun t s => exactly R (fst t) * snd t + s) 0 x + c * terms_slope v terms).
    { revert x H0. unfold read_terms. induction terms as [|t terms IH]; simpl; intros x E; split_bind.
      - eexists; split; [reflexivity|]. unfold terms_slope. simpl. ring.
      - rewrite (H _ _ H0). simpl. destruct (IH _ H1) as (l & -> & E). simpl. eexists; split; [reflexivity|].
        unfold terms_slope, entry in *. simpl. rewrite E. ring. }
    destruct T as (l & -> & E). cbn [bind sum exact]. rewrite E. apply f_equal. cbn [sum exact]. field. auto.
  - rewrite (IHS1 _ H0), (IHS2 _ H1). simpl. apply f_equal, larger_plus.
  - rewrite (IHS1 _ H0), (IHS2 _ H1). simpl. apply f_equal, smaller_plus.
Qed.

(** ** Layers *)

Definition translates (l : layer W) : bool :=
  match l with
  | Conv _ _ _ _ (Valid | Circular) _ | ExtremePool _ _ | Add => true
  | _ => false
  end.

Definition weight_of (w : option W) : Qc := match w with Some w => exactly R w | None => 0 end.

Definition window_slope (v : slopes) (kernel : Z -> index -> option W) (first : Z) (taps : list index) (channels : list Z) : Qc :=
  fold_right (fun c s => fold_right (fun k s => weight_of (kernel c k) * v O (first + c)%Z + s) s taps) 0 channels.

Definition layer_slope (l : layer W) (operands : nat) (v : slopes) (o : Z) : Qc :=
  match l with
  | Conv kernel _ den groups _ _ =>
      match dims kernel with
      | out :: per :: taps =>
          window_slope v (fun c k => at_index (dims kernel) (array (entries kernel)) (o :: c :: k)) (o / (out / groups) * per)%Z
            (indices taps) (range per) / natural den
      | _ => 0
      end
  | ExtremePool _ _ => v O o
  | Add => fold_right (fun p s => v p o + s) 0 (seq 0 operands)
  | _ => 0
  end.

Lemma place_some m : m = Valid \/ m = Circular -> forall s w p k, exists i, place m s w p k = Some i.
Proof.
  intros M. induction s as [|n s IH]; intros [|a w] [|o p] [|t k]; simpl; eauto.
  destruct (IH w p k) as (i & ->). destruct M as [-> | ->]; simpl; eauto.
Qed.

Lemma terms_slope_app v l m : terms_slope v (l ++ m) = terms_slope v l + terms_slope v m.
Proof. unfold terms_slope. induction l; simpl; [ring|]. rewrite IHl. ring. Qed.

Lemma collect_app {A} (l m : list (option A)) r : collect (l ++ m) = Some r ->
  exists u v, collect l = Some u /\ collect m = Some v /\ r = u ++ v.
Proof.
  revert r; induction l; simpl; intros r H; split_bind; [eauto|].
  destruct (IHl _ H0) as (u & v & -> & -> & ->). simpl. eauto.
Qed.

Lemma window_terms_slope v kernel first (at_ : index -> option index) taps : (forall k, exists i, at_ k = Some i) ->
  forall channels terms, window_terms kernel channels first (map (fun k => (k, at_ k)) taps) = Some terms ->
  terms_slope v terms = window_slope v kernel first taps channels.
Proof.
  intros S. unfold window_terms. induction channels as [|c channels IH]; cbn [flat_map window_slope fold_right]; intros terms E.
  - injection E as <-. reflexivity.
  - apply collect_app in E as (l & m & L & M & ->). rewrite terms_slope_app, (IH _ M).
    fold (window_slope v kernel first taps channels). generalize (window_slope v kernel first taps channels) as z. clear - S L. intros z.
    revert l L. induction taps as [|k taps IHt]; simpl; intros l L.
    + injection L as <-. simpl. ring.
    + destruct (S k) as (i & Hi). rewrite Hi in L. simpl in L. split_bind. destruct (kernel c k) as [w|]; [|discriminate].
      simpl in H. injection H as <-. simpl. rewrite <- (IHt _ H0). unfold channel. simpl. ring.
Qed.

Lemma plain_slope v e : slope v (plain (number R) e) (v (fst e) (channel (snd e))).
Proof.
  unfold plain. replace (v (fst e) (channel (snd e))) with (terms_slope v [(one (number R), e)] / natural 1); [constructor|].
  unfold terms_slope, one. simpl. rewrite number_exact, natural_one. change (integer 1) with 1. field. discriminate.
Qed.

Lemma extreme_slope v least s : forall l e, Forall (fun e => slope v e s) l -> extreme least l = Some e -> slope v e s.
Proof.
  induction l as [|a l IH]; intros e F E; [discriminate|]. inversion F; subst. cbn [extreme] in E.
  destruct l as [|b l]; [injection E as <-; assumption|]. split_bind. destruct least; constructor; auto.
Qed.

Lemma layer_slope_correct l shapes f i e v : translates l = true -> layer_value (number R) l shapes = Some f ->
  snd f i = Some e -> slope v e (layer_slope l (length shapes) v (channel i)).
Proof.
  destruct l; try discriminate; intros T L E.
  - (* Conv *)
    assert (M : mode = Valid \/ mode = Circular) by (destruct mode; auto; discriminate).
    cbn [layer_value] in L. destruct shapes as [|[|c s] [|]]; try discriminate. cbn [layer_slope].
    destruct (dims kernel) as [|out [|per taps]]; try discriminate. split_bind. cbn [snd] in E. destruct i as [|o p]; [discriminate|].
    split_bind. apply (window_terms_slope v) in H2; [|intros; apply place_some, M]. cbn [channel hd]. rewrite <- H2. constructor.
  - (* Add *)
    cbn [layer_value] in L. destruct shapes as [|s others]; [discriminate|]. split_bind. cbn [snd] in E. injection E as <-.
    replace (layer_slope Add _ v (channel i)) with (terms_slope v (map (fun o => (one (number R), (o, i))) (seq 0 (S (length others)))) / natural 1); [constructor|].
    cbn [layer_slope length]. rewrite natural_one. generalize (seq 0 (S (length others))) as l. intros l.
    replace (fold_right (fun p s0 => v p (channel i) + s0) 0 l) with (terms_slope v (map (fun o => (one (number R), (o, i))) l)); [field; discriminate|].
    unfold terms_slope, one. induction l; simpl; [reflexivity|]. rewrite IHl, number_exact. change (integer 1) with 1. ring.
  - (* ExtremePool *)
    cbn [layer_value] in L. destruct shapes as [|[|c s] [|]]; try discriminate. split_bind. cbn [snd] in E. destruct i as [|o p]; [discriminate|].
    cbn [layer_slope channel hd]. eapply extreme_slope; [|exact E]. apply Forall_forall. intros a Ha.
    apply in_map_iff in Ha as (at_ & <- & _). apply plain_slope.
Qed.

(** ** Networks *)

(** [u] is [t] moved by c times the slope of each channel. *)
Definition moved (c : Qc) (v : Z -> Qc) (t u : tensor Qc) : Prop :=
  dims u = dims t /\ length (entries u) = length (entries t) /\
  forall i a, at_index (dims t) (array (entries t)) i = Some a ->
              at_index (dims t) (array (entries u)) i = Some (a + c * v (channel i)).

Definition operand_slopes (known : list (Z -> Qc)) (operands : list nat) : slopes :=
  fun o => match nth_error operands o with Some j => nth j known (fun _ => 0) | None => fun _ => 0 end.

Fixpoint node_slopes (todo : list (node W)) (known : list (Z -> Qc)) : list (Z -> Qc) :=
  match todo with
  | [] => known
  | n :: todo => node_slopes todo (known ++ [layer_slope (operation n) (length (operands n)) (operand_slopes known (operands n))])
  end.

Definition moved_all (c : Qc) (known : list (Z -> Qc)) (xs ys : list (tensor Qc)) : Prop :=
  length xs = length ys /\ forall j t, nth_error xs j = Some t -> exists u, nth_error ys j = Some u /\ moved c (nth j known (fun _ => 0)) t u.

Lemma evaluate_moved c v l xs ys t : translates l = true -> length xs = length ys ->
  (forall o x, nth_error xs o = Some x -> exists y, nth_error ys o = Some y /\ moved c (v o) x y) ->
  evaluate (number R) (exact R) l xs = Some t ->
  exists u, evaluate (number R) (exact R) l ys = Some u /\ moved c (layer_slope l (length xs) v) t u.
Proof.
  intros T Len H E. unfold evaluate in *.
  assert (D : map dims ys = map dims xs).
  { clear - Len H. revert ys v Len H. induction xs as [|x xs IH]; intros [|y ys] v Len H; try discriminate; [reflexivity|].
    simpl. destruct (H O x eq_refl) as (y' & Y & M & _). simpl in Y. injection Y as <-. f_equal; [exact M|].
    apply (IH ys (fun o => v (S o))); [injection Len; auto|]. intros o x' X. exact (H (S o) x' X). }
  rewrite D. destruct (layer_value (number R) l (map dims xs)) as [f|] eqn:L; [|discriminate]. cbn [bind] in *. split_bind.
  set (read := fun zs : list (tensor Qc) => fun e : entry => let? t := nth_error (map (fun t => (dims t, array (entries t))) zs) (fst e) in at_index (fst t) (snd t) (snd e)).
  assert (Rd : forall e a, read xs e = Some a -> read ys e = Some (a + c * v (fst e) (channel (snd e)))).
  { intros [o i] a. unfold read. cbn [fst snd]. rewrite !nth_error_map. intros Q.
    destruct (nth_error xs o) as [x0|] eqn:X; [|discriminate]. destruct (H o x0 X) as (y & -> & M & _ & G). simpl in *. rewrite M. apply G, Q. }
  assert (C : forall is found, collect (map (fun i => let? e := snd f i in value (exact R) (read xs) e) is) = Some found ->
    exists found', collect (map (fun i => let? e := snd f i in value (exact R) (read ys) e) is) = Some found' /\
    length found' = length found /\
    forall r i a, nth_error is r = Some i -> nth_error found r = Some a -> nth_error found' r = Some (a + c * layer_slope l (length xs) v (channel i))).
  { induction is as [|i is IH]; simpl; intros found E; split_bind.
    - eexists; split; [reflexivity|]. split; [reflexivity|]. intros [|r] ? ?; discriminate.
    - match goal with Hi : snd f i = Some _, Hv : value _ _ _ = Some _, Hl : collect _ = Some _ |- _ =>
        destruct (IH _ Hl) as (found' & -> & Lf & G); pose proof (layer_slope_correct l _ f i _ v T L Hi) as S;
        rewrite map_length in S; rewrite Hi; cbn [bind]; rewrite (slope_correct v c _ _ Rd _ _ _ S Hv); simpl end.
      eexists; split; [reflexivity|]. split; [simpl; congruence|]. intros [|r] j a; simpl; [congruence|]. apply G. }
  destruct (C _ _ H0) as (found' & F & Lf & G). unfold read in F. rewrite F. simpl. eexists; split; [reflexivity|].
  split; [reflexivity|]. split; [exact Lf|]. simpl. intros i a A. unfold at_index in *. split_bind. rewrite H1. simpl.
  destruct (flat_indices _ _ _ _ H1) as (_ & _ & r & -> & N). rewrite get_nth in * by lia.
  rewrite Z.mul_0_l, Z.add_0_l, Nat2Z.id in *. eapply G; eassumption.
Qed.

Lemma collect_nth {A} (xs : list A) : forall operands found, collect (map (nth_error xs) operands) = Some found ->
  forall o, nth_error found o = match nth_error operands o with Some j => nth_error xs j | None => None end.
Proof.
  induction operands as [|j js IH]; simpl; intros found E; split_bind; [intros [|o]; reflexivity|].
  intros [|o]; simpl; [symmetry; assumption|]. apply IH; assumption.
Qed.

Lemma run_nodes_moved c : forall todo known xs ys r, forallb (fun n => translates (operation n)) todo = true ->
  length known = length xs -> moved_all c known xs ys -> run_nodes (number R) (exact R) todo xs = Some r ->
  exists r', run_nodes (number R) (exact R) todo ys = Some r' /\ moved_all c (node_slopes todo known) r r'
             /\ length (node_slopes todo known) = length r.
Proof.
  induction todo as [|n todo IH]; cbn [run_nodes node_slopes forallb]; intros known xs ys r T K M E.
  - injection E as <-. eauto.
  - apply andb_prop in T as [Tn T]. destruct M as [Len M]. split_bind. rename x into found, x0 into t.
    assert (F : exists found', collect (map (nth_error ys) (operands n)) = Some found' /\ length found' = length found).
    { clear - M H. revert found H. induction (operands n) as [|j js IHj]; simpl; intros found E; split_bind; [eauto|].
      destruct (M _ _ H) as (u & -> & _). destruct (IHj _ H0) as (f' & -> & L). simpl. eexists; split; [reflexivity | simpl; congruence]. }
    destruct F as (found' & F & Lf). rewrite F. cbn [bind].
    destruct (evaluate_moved c (operand_slopes known (operands n)) (operation n) found found' t Tn) as (u & U & Mu); auto.
    { intros o x X. rewrite (collect_nth _ _ _ H) in X. unfold operand_slopes. rewrite (collect_nth _ _ _ F).
      destruct (nth_error (operands n) o) as [j|]; [|discriminate]. apply M, X. }
    rewrite U. cbn [bind].
    assert (Lo : length found = length (operands n)).
    { apply collect_some in H. apply (f_equal (@length _)) in H. rewrite !map_length in H. symmetry; exact H. }
    rewrite Lo in Mu. pose proof Mu as (D & Le & _).
    replace (same (dims u) (result n) && well_formed u) with true.
    2: { symmetry. unfold well_formed in *. rewrite D, Le. assumption. }
    cbn [guard]. apply (IH (known ++ [layer_slope (operation n) (length (operands n)) (operand_slopes known (operands n))]) (xs ++ [t]));
      try assumption; [rewrite !app_length; simpl; lia|].
    split; [rewrite !app_length; simpl; lia|]. intros j x X. destruct (Nat.lt_ge_cases j (length xs)) as [J|J].
    + rewrite nth_error_app1 in X by exact J. destruct (M j x X) as (y & Y & My). exists y.
      rewrite nth_error_app1 by lia. rewrite app_nth1 by lia. auto.
    + rewrite nth_error_app2 in X by exact J.
      assert (j = length xs) by (assert (j - length xs < 1)%nat by (apply (nth_error_Some [t]); congruence); lia).
      subst j. rewrite Nat.sub_diag in X. injection X as <-. exists u.
      rewrite nth_error_app2, Len, Nat.sub_diag by lia. split; [reflexivity|].
      rewrite app_nth2, <- Len, K, Nat.sub_diag by lia. exact Mu.
Qed.

(** x + c·1 *)
Definition raised (c : Qc) (t : tensor Qc) : tensor Qc := Tensor (dims t) (map (fun q => q + c) (entries t)).

Lemma raised_moved c t : moved c (fun _ => 1) t (raised c t).
Proof.
  split; [reflexivity|]. split; [apply map_length|]. intros i a A. unfold at_index in *. split_bind. rewrite H. cbn [bind].
  destruct (flat_indices _ _ _ _ H) as (_ & _ & r & -> & _). rewrite get_nth in * by lia. unfold raised. cbn [entries].
  rewrite nth_error_map, H0. simpl. f_equal. ring.
Qed.

Lemma last_nth {A} (l : list A) : nth_error (rev l) 0 = nth_error l (pred (length l)).
Proof.
  induction l as [|a l _] using rev_ind; [reflexivity|]. rewrite rev_app_distr, app_length, Nat.add_comm. simpl.
  rewrite nth_error_app2, Nat.sub_diag by lia. reflexivity.
Qed.

(** f(x + c·1) = f(x) + c·v: moving all inputs by c moves each channel of the output by c times its v. *)
Definition along_constants (f : network) : Prop :=
  exists v, forall c xs t, f_at f xs = Some t -> exists u, f_at f (map (raised c) xs) = Some u /\ moved c v t u.

(** All layers are convolutions without zeros around the image, max-pools, or sums. *)
Definition check_translation (f : network) : bool := forallb (fun n => translates (operation n)) (nodes f).

Theorem translation (f : network) : check_translation f = true -> along_constants f.
Proof.
  unfold check_translation. intros T. pose (slopes := node_slopes (nodes f) (repeat (fun _ : Z => 1) (length (inputs f)))).
  exists (nth (pred (length slopes)) slopes (fun _ => 0)). intros c xs t E. unfold run in *. split_bind.
  assert (D : map dims (map (raised c) xs) = map dims xs) by (rewrite map_map; reflexivity).
  assert (F : forallb well_formed (map (raised c) xs) = forallb well_formed xs).
  { clear. induction xs as [|x xs IH]; simpl; [reflexivity|]. rewrite IH. f_equal. unfold well_formed, raised. simpl. rewrite map_length. reflexivity. }
  rewrite D, F, H. cbn [guard].
  assert (L : length (inputs f) = length xs).
  { apply andb_prop in H as [_ H]. destruct (list_eq_dec _ _ _) as [Q|]; [|discriminate].
    apply (f_equal (@length _)) in Q. rewrite !map_length in Q. symmetry; exact Q. }
  destruct (run_nodes_moved c (nodes f) (repeat (fun _ : Z => 1) (length (inputs f))) xs (map (raised c) xs) x T) as (r & Er & [Lr M] & Ls); try assumption.
  { rewrite repeat_length. exact L. }
  { split; [rewrite map_length; reflexivity|]. intros j z Hz. rewrite nth_error_map, Hz. simpl. eexists; split; [reflexivity|].
    assert (J : (j < length xs)%nat) by (apply nth_error_Some; congruence).
    replace (nth j (repeat (fun _ : Z => 1) (length (inputs f))) (fun _ : Z => 0)) with (fun _ : Z => 1); [apply raised_moved|].
    rewrite L. clear - J. revert j J. induction (length xs) as [|n IH]; intros [|j] J; simpl; try lia; [reflexivity | apply IH; lia]. }
  rewrite Er. cbn [bind]. rewrite last_nth in *. destruct (M _ _ H1) as (u & U & Mu). fold slopes in Mu, Ls. rewrite Ls, <- Lr in *. eauto.
Qed.

(** ** The absolute mean *)

Definition half : Qc := Q2Qc (1 # 2).
Definition far (a b : Qc) : Prop := a + half <= b \/ b + half <= a.

(** The images [raised 1 zeros] and [raised (-1) zeros] of a zero image are constant 1 and −1; |mean| is 1, 0 and 1 at
    the images 1, 0 and −1. A network with one output differs by at least 1/2 at one of the three. *)
Theorem not_the_absolute_mean (f : network) zeros y : check_translation f = true ->
  f_at f zeros = Some (Tensor [1%Z] [y]) ->
  exists p q, f_at f (map (raised 1) zeros) = Some (Tensor [1%Z] [p]) /\ f_at f (map (raised (- (1))) zeros) = Some (Tensor [1%Z] [q]) /\
              (far y 0 \/ far p 1 \/ far q 1).
Proof.
  intros T E. destruct (translation f T) as (v & V).
  assert (S : forall c, f_at f (map (raised c) zeros) = Some (Tensor [1%Z] [y + c * v 0%Z])).
  { intros c. destruct (V c _ _ E) as ([s l] & -> & D & L & M). simpl in D, L, M. subst s. do 2 f_equal.
    destruct l as [|q [|]]; try discriminate. f_equal. specialize (M [0%Z] y eq_refl). injection M as ->. reflexivity. }
  do 2 eexists; split; [apply S|]; split; [apply S|].
  replace (y + - (1) * v 0%Z) with (y - v 0%Z) by ring. replace (y + 1 * v 0%Z) with (y + v 0%Z) by ring.
  assert (H2 : half + half = 1) by (apply Qc_is_canon; reflexivity).
  destruct (Qclt_le_dec y half) as [Y|Y]; [|left; right; replace (0 + half) with half by ring; exact Y].
  destruct (Qclt_le_dec half (y + v 0%Z)) as [P|P].
  - destruct (Qclt_le_dec half (y - v 0%Z)) as [Q|Q].
    + exfalso. apply (Qclt_not_le _ _ Y).
      assert (B : 1 <= y + y).
      { rewrite <- H2. replace (y + y) with ((y + v 0%Z) + (y - v 0%Z)) by ring. apply Qcplus_le_compat; apply Qclt_le_weak; assumption. }
      replace half with (half * 1) by ring. replace y with (half * (y + y)) by (rewrite <- (Qcmult_1_l y) at 3; rewrite <- H2; ring).
      rewrite (Qcmult_comm half 1), (Qcmult_comm half (y + y)). apply Qcmult_le_compat_r; [exact B | discriminate].
    + right; right; left. rewrite <- H2. apply Qcplus_le_compat; [exact Q | apply Qcle_refl].
  - right; left; left. rewrite <- H2. apply Qcplus_le_compat; [exact P | apply Qcle_refl].
Qed.
End Translation.
